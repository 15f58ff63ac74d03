import type { Audience } from "../../audience/audience.ts";
import type { FollowedPresence } from "../../audience/followed-presence.ts";
import { Problem } from "../../errors.ts";
import type { FollowedLog } from "../../log/followed-log.ts";
import type { Logger } from "../../logger.ts";
import type { CallPlace, ChannelSocket } from "../../uplink/channel-socket.ts";
import { Uplink } from "../../uplink/uplink.ts";
import { type ChannelMessage, type EventsMessage, relaySubscription } from "../../wire/link.ts";
import type { Offset } from "../../wire/offset.ts";
import type { Extent, Revocation } from "../../wire/relay.ts";
import { readStored } from "../../wire/stored.ts";
import { unavailable } from "./reports.ts";

/** What the origin sends at most before it is acknowledged. */
const MAX_BACKLOG_BYTES = 8_388_608;

interface FollowingOptions {
	channel: string;
	relay: string;
	/** Identifies this object. */
	life: string;
	log: FollowedLog;
	presence: FollowedPresence;
	audience: Audience;
	logger: Logger;
	call: CallPlace;
	/** Called when the origin has been joined, or joined again: it may have to count the streams anew. */
	joined(): void;
	/** Called with users whose credentials no longer count. */
	revoked(revocations: readonly Revocation[]): void;
}

/** Follows the log of the origin, over a connection that heals itself. */
export class Following {
	readonly #options: FollowingOptions;
	#uplink: Promise<Uplink> | undefined;
	/** The WebSocket over which the origin has last told how its log stands. */
	#known: ChannelSocket | undefined;
	#observes = false;
	/** How often it has stopped: what was opened before does not count. */
	#turn = 0;
	#online: string[] = [];
	/** Resolves whenever something has come from the origin, or the origin is lost. */
	#news = Promise.withResolvers<void>();

	constructor(options: FollowingOptions) {
		this.#options = options;
	}

	/** Whether the origin is followed. */
	get isOn(): boolean {
		return this.#uplink !== undefined;
	}

	/**
	 * Follows the origin, unless it is followed already. Resolves when it is known how the log stands.
	 *
	 * @throws Problem `channel_unavailable`.
	 */
	async start(): Promise<void> {
		this.#uplink ??= this.#open();
		const uplink = this.#uplink;
		try {
			await uplink;
		} catch (error) {
			if (this.#uplink === uplink) this.#uplink = undefined;
			throw error;
		}
		await this.#until(uplink, () => this.#known !== undefined);
	}

	/**
	 * Resolves when the log is known up to an offset.
	 *
	 * @throws Problem `channel_unavailable` if the origin is lost before.
	 */
	async reach(head: Offset): Promise<void> {
		const { log } = this.#options;
		await this.#until(this.#uplink, () => log.head >= head);
	}

	/** Asks to be told of presence, and resolves when it is known who is online. */
	async observe(): Promise<void> {
		const { presence } = this.#options;
		const uplink = this.#uplink;
		if (!this.#observes) {
			this.#observes = true;
			(await uplink)?.socket.send({ type: "observe" });
		}
		await this.#until(uplink, () => presence.isKnown);
	}

	/** Joins the origin again, because it has lost the connection. */
	async rejoin(): Promise<void> {
		(await this.#uplink)?.rejoin();
	}

	/** Stops following. */
	async stop(): Promise<void> {
		const uplink = this.#uplink;
		this.#uplink = undefined;
		this.#turn += 1;
		this.#known = undefined;
		this.#observes = false;
		this.#options.presence.forget();
		this.#announce();
		// Whoever has waited for one that could not be opened was told why.
		const opened = await uplink?.catch(() => undefined);
		opened?.close();
	}

	async #open(): Promise<Uplink> {
		const { channel, relay, life, log, logger, call } = this.#options;
		const turn = this.#turn;
		const subscription = relaySubscription(relay, life, MAX_BACKLOG_BYTES);
		const opened = await Uplink.open({ place: { channel }, subscription, budget: { take: () => true }, logger, call });
		if (opened instanceof Response) throw await Problem.fromResponse(opened);
		if (turn !== this.#turn) {
			opened.close();
			throw unavailable(channel, "The relay has left the origin.");
		}
		log.moveTo(opened.start.position);
		opened.listen({
			events: (uplink, message) => this.#events(uplink, message),
			told: (uplink, message) => this.#told(uplink, message),
			lost: () => void this.#lost(),
		});
		return opened;
	}

	async #until(uplink: Promise<Uplink> | undefined, isDone: () => boolean): Promise<void> {
		while (!isDone()) {
			if (uplink === undefined || this.#uplink !== uplink) {
				throw unavailable(this.#options.channel, "The relay has lost the origin.");
			}
			await this.#news.promise;
		}
	}

	#announce(): void {
		this.#news.resolve();
		this.#news = Promise.withResolvers();
	}

	#events(uplink: Uplink, { position, last, bytes, text }: EventsMessage): void {
		const { log, audience } = this.#options;
		if (last === undefined) log.moveTo(position);
		else audience.deliver(log.append(readStored(new TextDecoder().decode(text))));
		uplink.position = position;
		void this.#acknowledge(uplink.socket, bytes);
		this.#announce();
		if (log.ended) void audience.resume();
	}

	/** The origin's publishers wait for this relay's streams as for its own. */
	async #acknowledge(socket: ChannelSocket, bytes: number): Promise<void> {
		await this.#options.audience.room();
		socket.acknowledge(bytes);
	}

	#told(uplink: Uplink, message: ChannelMessage): void {
		const { log, presence, audience, revoked } = this.#options;
		switch (message.type) {
			case "gap":
				log.wipe();
				log.moveTo(message.position);
				uplink.position = message.position;
				break;
			case "log":
				this.#learn(message.extent);
				this.#joined(uplink.socket);
				void audience.resume();
				break;
			case "revoked":
				revoked(message.revocations);
				break;
			case "probe":
				audience.probe(message.stream, Date.now());
				break;
			case "presence":
				if ("count" in message) presence.followCount(message.count);
				else presence.follow(message);
				audience.tellPresence();
				break;
			case "online":
				this.#online.push(...message.users);
				if (!message.isLast) return;
				presence.followAll(this.#online);
				this.#online = [];
				audience.tellPresence();
				break;
		}
		this.#announce();
	}

	/** A wipe ends all streams, also where this relay could not be told of it. */
	#learn(extent: Extent): void {
		const hasMoved = this.#options.log.learn(extent);
		if (hasMoved && this.#known) void this.#options.audience.endWhere(() => true, "shutdown");
	}

	#joined(socket: ChannelSocket): void {
		if (this.#known === socket) return;
		this.#known = socket;
		this.#online = [];
		if (this.#observes) socket.send({ type: "observe" });
		this.#options.joined();
	}

	/** The streams end, and their clients connect again. */
	async #lost(): Promise<void> {
		await this.stop();
		await this.#options.audience.endWhere(() => true, "shutdown");
	}
}
