import { Acks } from "../uplink/acks.ts";
import { RejoinBudget } from "../uplink/rejoin-budget.ts";
import { Uplink, type UplinkHandlers } from "../uplink/uplink.ts";
import { ALIVE_HEARTBEATS } from "../wire/connection.ts";
import {
	type CloseReason,
	type ControlEvents,
	type ControlType,
	closing,
	type EndReason,
	endedOf,
} from "../wire/control.ts";
import type { Dialect } from "../wire/dialect/dialect.ts";
import { DIALECTS } from "../wire/dialect/dialects.ts";
import type { ChannelMessage, EventsMessage, PresenceMessage } from "../wire/link.ts";
import type { Offset } from "../wire/offset.ts";
import { spreadRetry } from "../wire/retry.ts";
import { readStored } from "../wire/stored.ts";
import { connectedOf, type LogGap, type Renewal, renewed, type Subscription } from "../wire/subscription.ts";
import type { Client } from "./client-connection.ts";
import { CpuBudget, MAX_WRITES } from "./cpu-budget.ts";
import { Heartbeat } from "./heartbeat.ts";
import { openAll } from "./opening.ts";
import type { SessionOptions } from "./session-options.ts";

/**
 * A stream of one or several channels that the Worker holds, with an uplink to each. A channel can hibernate while
 * nothing happens. If its object dies, the uplink rejoins it without the client noticing.
 */
export class Session {
	readonly #options: SessionOptions;
	readonly #client: Client;
	readonly #dialect: Dialect;
	/** The subscription for each channel, with the current credentials. */
	#subscription: Omit<Subscription, "connection">;
	/** The id of the stream, which names the place of the channel that is opened first; empty until then. */
	#connection = "";
	readonly #uplinks = new Map<string, Uplink>();
	readonly #acks: Acks;
	readonly #cpuBudget: CpuBudget;
	readonly #heartbeat: Heartbeat;
	readonly #endedChannels = new Set<string>();
	#isOpen = false;
	#isEnded = false;
	/** Whether the client's cursor is behind events that were filtered out. */
	#hasWithheld = false;
	/** The expiry that the client was last warned of, in Unix milliseconds. */
	#warnedOf: number | undefined;
	#silence: number | null = null;

	constructor(options: SessionOptions, client: Client, maxWrites = MAX_WRITES) {
		const { channels, subscription, heartbeatMilliseconds } = options;
		this.#options = options;
		this.#client = client;
		this.#dialect = DIALECTS[subscription.dialect];
		// With several channels, only the session knows the cursor, so it encodes every event.
		const isPassedOn = channels.length === 1 && client.pass !== undefined;
		this.#subscription = isPassedOn ? subscription : { ...subscription, dialect: "stored" };
		this.#acks = new Acks(() => client.unsentBytes);
		this.#cpuBudget = new CpuBudget(maxWrites);
		this.#heartbeat = new Heartbeat(heartbeatMilliseconds, () => this.#beat());
	}

	/**
	 * Joins the channels and starts the stream.
	 *
	 * @param unlessAtEnd whether not to start it if all channels have ended and the cursor is at their ends.
	 * @returns the refusal if a channel refuses, or 204 if the stream was not started.
	 */
	async start(unlessAtEnd = false): Promise<Response | undefined> {
		const { channels, starts } = this.#options;
		const budget = new RejoinBudget();
		const open = (channel: string, mayBeAtEnd: boolean) => this.#open(channel, budget, mayBeAtEnd);
		const uplinks = await openAll(channels, open, unlessAtEnd);
		if (uplinks instanceof Response) return uplinks;
		if (this.#isEnded) {
			for (const uplink of uplinks) uplink.close();
			return undefined;
		}
		for (const uplink of uplinks) this.#uplinks.set(uplink.channel, uplink);
		// A channel that the cursor does not name is new: there is nothing to resume.
		const isNew = ({ channel }: Uplink) => starts.get(channel)?.cursor === undefined;
		this.#connected(!uplinks.every(isNew) && uplinks.every((uplink) => uplink.start.resumed || isNew(uplink)));
		for (const uplink of uplinks) uplink.listen(this.#handlers);
		this.#heartbeat.start();
		this.#isOpen = true;
		this.#options.meter?.opened();
		return undefined;
	}

	/** The user of the stream. */
	get user(): string {
		return this.#subscription.user;
	}

	get channels(): readonly string[] {
		return this.#options.channels;
	}

	/** Renews the stream with new credentials of its user, and sends `connected`. */
	renew(renewal: Renewal): void {
		if (this.#isEnded) return;
		this.#applyRenewal(renewal);
		for (const uplink of this.#uplinks.values()) uplink.renew(renewal);
		this.#connected(true);
	}

	/** Records a sign of life. Without another within this many heartbeats, the client counts as disconnected. */
	alive(heartbeats: number): void {
		clearTimeout(this.#silence);
		if (this.#isEnded) return;
		const lose = () => {
			this.leave();
			this.#client.close("client_left");
		};
		this.#silence = setTimeout(lose, heartbeats * this.#options.heartbeatMilliseconds);
	}

	/** Ends the session, because its client disconnected. */
	leave(): void {
		if (this.#isEnded) return;
		this.#isEnded = true;
		if (this.#isOpen) this.#options.meter?.left();
		this.#heartbeat.stop();
		clearTimeout(this.#silence);
		this.#acks.stop();
		for (const uplink of this.#uplinks.values()) uplink.close();
	}

	async #open(channel: string, budget: RejoinBudget, unlessAtEnd: boolean): Promise<Uplink | Response> {
		const { starts, logger, placement } = this.#options;
		return await placement.open(channel, async (place, call) => {
			const connection = this.#connection || (await placement.newConnection(place));
			const subscription = { ...this.#subscription, connection, ...starts.get(channel), unlessAtEnd };
			const opened = await Uplink.open({ place, subscription, budget, logger, call });
			if (opened instanceof Uplink) this.#connection = connection;
			return opened;
		});
	}

	readonly #handlers: UplinkHandlers = {
		events: (uplink, message) => this.#events(uplink, message),
		told: (uplink, message) => this.#told(uplink, message),
		lost: ({ channel }, reason) => this.#end(reason, channel),
	};

	#connected(resumed: boolean): void {
		const retry = spreadRetry(this.#options.retryMilliseconds, Math.random());
		this.#control("connected", connectedOf({ ...this.#subscription, connection: this.#connection }, resumed), retry);
	}

	#events(uplink: Uplink, message: EventsMessage): void {
		const { position, last, events, replayed, bytes, text } = message;
		if (last !== undefined) {
			const before = this.#client.unsentBytes;
			this.#write(uplink, text);
			const { byteLength } = text;
			this.#acks.wrote(uplink.socket, bytes, Math.max(byteLength, this.#client.unsentBytes - before));
			this.#wrote(byteLength, this.#isEncoder ? events : 0);
			this.#options.meter?.count(uplink.channel, (tally) => {
				tally.delivered += events;
				tally.replayed += replayed;
			});
		}
		uplink.position = position;
		this.#hasWithheld = last !== position;
		if (this.#cpuBudget.isSpent) this.#end("shutdown", uplink.channel);
	}

	#write(uplink: Uplink, text: Uint8Array): void {
		if (!this.#isEncoder) {
			this.#client.pass?.(text);
			return;
		}
		const texts = readStored(new TextDecoder().decode(text)).map((event) => {
			uplink.position = event.offset;
			return this.#dialect.event(event, uplink.channel, this.#cursor);
		});
		this.#client.write(texts);
	}

	#told(uplink: Uplink, message: ChannelMessage): void {
		const { channel } = uplink;
		switch (message.type) {
			case "gap":
				this.#gap(uplink, message.gap, message.position);
				break;
			case "presence":
				this.#presence(channel, message);
				break;
			case "expiring":
				this.#warn(message.expiresAt);
				break;
			case "closing":
				this.#end(message.reason, channel);
				break;
			case "ended":
				this.#ended(channel, message.reason);
				break;
			case "renewed":
				this.#forwardRenewal(message.renewal, uplink);
				break;
			case "alive":
				this.alive(ALIVE_HEARTBEATS);
				break;
			case "heartbeat":
				this.#beat();
				break;
		}
	}

	#gap(uplink: Uplink, gap: LogGap, position: Offset): void {
		uplink.position = position;
		// While it was away, it may have begun anew.
		this.#endedChannels.delete(uplink.channel);
		this.#control("gap", { channel: uplink.channel, ...gap });
	}

	/** The stream ends when all of its channels have. A channel that was rejoined says it again. */
	#ended(channel: string, reason: EndReason): void {
		if (this.#endedChannels.has(channel)) return;
		this.#endedChannels.add(channel);
		this.#control("ended", endedOf(channel, reason));
		if (this.#endedChannels.size === this.channels.length) this.#end(reason, channel);
	}

	/** Channels see only the backlog of events, so presence events are limited here. */
	#presence(channel: string, { type, ...presence }: PresenceMessage): void {
		this.#control(type, { channel, ...presence });
		const { channels, maxBacklogBytes } = this.#subscription;
		if (this.#client.unsentBytes > 2 * channels.length * maxBacklogBytes) this.#end("slow_consumer", channel);
	}

	/** Every channel sends the warning; the client gets it once. */
	#warn(expiresAt: number): void {
		if (expiresAt !== this.#subscription.expiresAt || expiresAt === this.#warnedOf) return;
		this.#warnedOf = expiresAt;
		this.#control("expiring", { expires: expiresAt / 1000 });
	}

	/** Forwards a renewal from one channel to the others. */
	#forwardRenewal(renewal: Renewal, from: Uplink): void {
		this.#applyRenewal(renewal);
		for (const uplink of this.#uplinks.values()) {
			if (uplink === from) uplink.applyRenewal(renewal);
			else uplink.renew(renewal);
		}
	}

	#applyRenewal(renewal: Renewal): void {
		this.#subscription = renewed(this.#subscription, renewal);
	}

	/** @param channel the channel that caused the end. */
	#end(reason: CloseReason, channel: string): void {
		if (this.#isEnded) return;
		this.leave();
		if (reason === "slow_consumer") {
			this.#options.meter?.count(channel, (tally) => {
				tally.cut += 1;
			});
		}
		this.#client.close(reason, this.#dialect.closing(closing(reason), this.#cursor));
	}

	/** Every control event carries the cursor, and so moves the client past events that were filtered out. */
	#control<Type extends ControlType>(type: Type, data: ControlEvents[Type], retry?: number): void {
		const text = this.#dialect.control(type, data, this.#cursor, retry);
		if (text === "") return;
		this.#wrote(0);
		this.#client.write([text]);
		this.#hasWithheld = false;
	}

	#beat(): void {
		this.#wrote(0);
		this.#client.write([this.#dialect.heartbeat(this.#hasWithheld ? this.#cursor : undefined)]);
		this.#hasWithheld = false;
		this.#options.meter?.renew();
	}

	/** Whether this session encodes events, and not the channel. */
	get #isEncoder(): boolean {
		return this.#subscription.dialect === "stored";
	}

	get #cursor(): string {
		return this.#options.cursors.format((channel) => this.#uplinks.get(channel)?.position);
	}

	#wrote(bytes: number, encodedEvents = 0): void {
		this.#heartbeat.wrote();
		this.#cpuBudget.wrote(bytes, encodedEvents);
	}
}
