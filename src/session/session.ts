import type { Logger } from "../logger.ts";
import type { Meter } from "../metrics/meter.ts";
import type { Client } from "../outlet/client.ts";
import { Flow } from "../uplink/acks.ts";
import { type CallChannel, Uplink, type UplinkHandlers } from "../uplink/uplink.ts";
import { ALIVE_HEARTBEATS } from "../wire/connection.ts";
import type { ControlEvents } from "../wire/control.ts";
import { type Cursors, formatCursor } from "../wire/cursor.ts";
import type { ChannelMessage, EventsMessage } from "../wire/link.ts";
import type { CloseReason, Gap, Renewal, StartRequest, Subscription } from "../wire/subscription.ts";

/** How soon a channel is joined again whose object has gone: at first, and at most. */
const FIRST_PAUSE_MILLISECONDS = 50;
const MAX_PAUSE_MILLISECONDS = 5000;
/** How often in a row that may fail: for about a minute. */
const MAX_ATTEMPTS = 16;
/** How often it may be done in all: an invocation of a Worker may send 10,000 requests. */
const MAX_REJOINS = 1000;
/**
 * How much a relay may do. An invocation of a Worker has 30 s of CPU time by default, for a write that takes 20 to 40 µs
 * and for every 4 KiB: before it is cut off, the stream ends in good order, and its client comes back.
 */
const MAX_EFFORT = 400_000;
const EFFORT_BYTES = 4096;

/** What a relay is told to do. */
export interface RelayOptions {
	/** Sorted. */
	channels: readonly string[];
	cursors: Cursors;
	/** What it asks of every channel. */
	subscription: Subscription;
	/** Where each channel starts. */
	starts: ReadonlyMap<string, StartRequest>;
	heartbeatMilliseconds: number;
	/** Counts what the client gets; absent where nobody adds up. */
	meter: Meter | undefined;
	logger: Logger;
	call: CallChannel;
}

/**
 * Holds one client of one or several channels. A WebSocket ties it to each of them, so that they can sleep while nothing
 * happens, and can die and be joined again without the client noticing.
 */
export class Relay {
	readonly #options: RelayOptions;
	readonly #client: Client;
	readonly #maxEffort: number;
	readonly #positions = new Map<string, number>();
	readonly #uplinks = new Map<string, Uplink>();
	readonly #flow: Flow;
	readonly #handlers: UplinkHandlers;
	#subscription: Subscription;
	#isOpen = false;
	#isEnded = false;
	#withheld = false;
	#warnedOf = 0;
	#writtenAt = 0;
	#effort = 0;
	#rejoins = 0;
	#heartbeat: number | null = null;
	#silence: number | null = null;

	constructor(options: RelayOptions, client: Client, maxEffort = MAX_EFFORT) {
		this.#options = options;
		this.#maxEffort = maxEffort;
		this.#client = client;
		this.#subscription = options.subscription;
		this.#flow = new Flow(() => client.unsentBytes);
		this.#handlers = {
			events: (uplink, message) => this.#events(uplink, message),
			told: (uplink, message) => this.#told(uplink.channel, message),
			lost: (uplink) => void this.#lost(uplink),
		};
	}

	/** Joins the channels, and starts the stream. Answers with the refusal of a channel that refuses. */
	async start(): Promise<Response | undefined> {
		const { channels, starts } = this.#options;
		const outcomes = await Promise.allSettled(channels.map((channel) => this.#join(channel, starts.get(channel))));
		const joined = outcomes.filter((each) => each.status === "fulfilled").map(({ value }) => value);
		const uplinks = joined.filter((each) => each instanceof Uplink);
		const refusal = joined.find((each) => each instanceof Response);
		const failure = outcomes.find((each) => each.status === "rejected");
		if (refusal || failure || this.#isEnded) {
			for (const uplink of uplinks) uplink.close();
			if (!refusal && failure) throw failure.reason;
			return refusal;
		}
		for (const { channel, start } of uplinks) this.#positions.set(channel, start.cursor);
		// What the cursor does not name is new, and has nothing to resume.
		const isNew = ({ channel }: Uplink) => starts.get(channel)?.cursor === undefined;
		this.#connected(!uplinks.every(isNew) && uplinks.every((uplink) => uplink.start.resumed || isNew(uplink)));
		for (const { channel, start } of uplinks) if (start.gap) this.#gap(channel, start.gap, start.position);
		for (const uplink of uplinks) this.#listen(uplink);
		this.#armHeartbeat();
		this.#isOpen = true;
		this.#options.meter?.opened();
		return undefined;
	}

	/** Whose stream it is. */
	get user(): string {
		return this.#subscription.user;
	}

	get channels(): readonly string[] {
		return this.#options.channels;
	}

	/** Lives on with new credentials of the same user, and says so. */
	renew(renewal: Renewal): void {
		if (this.#isEnded) return;
		this.#spread(renewal);
		this.#connected(true);
	}

	/** The client has given a sign of life. Unless it gives another within so many heartbeats, it has gone. */
	alive(heartbeats: number): void {
		clearTimeout(this.#silence);
		if (this.#isEnded) return;
		const gone = () => {
			this.leave();
			this.#client.end();
		};
		this.#silence = setTimeout(gone, heartbeats * this.#options.heartbeatMilliseconds);
	}

	/** The client has gone. */
	leave(): void {
		if (this.#isEnded) return;
		this.#isEnded = true;
		if (this.#isOpen) this.#options.meter?.left();
		clearTimeout(this.#heartbeat);
		clearTimeout(this.#silence);
		this.#flow.stop();
		for (const uplink of this.#uplinks.values()) uplink.close();
	}

	async #join(channel: string, request?: Partial<Subscription>): Promise<Uplink | Response> {
		return await Uplink.open(this.#options.call, channel, { ...this.#subscription, ...request });
	}

	#listen(uplink: Uplink): void {
		this.#uplinks.set(uplink.channel, uplink);
		uplink.listen(this.#handlers);
		// The credentials were renewed while it was on its way.
		const { user, claims, expires, endsAt, issuedAt } = this.#subscription;
		if (endsAt > uplink.endsAt) uplink.send({ type: "renew", renewal: { user, claims, expires, endsAt, issuedAt } });
	}

	#connected(resumed: boolean): void {
		const { connection, user, channels, expires } = this.#subscription;
		this.#control("connected", { connection, user, channels, resumed, expires });
	}

	#events(uplink: Uplink, { position, offset, events, replayed, frames }: EventsMessage): void {
		if (this.#isEnded) return;
		const { channel } = uplink;
		const { byteLength } = frames;
		if (byteLength > 0) {
			const before = this.#client.unsentBytes;
			this.#client.events(
				frames,
				this.#options.channels.length > 1 ? (offset) => this.#moveTo(channel, offset) : undefined,
			);
			this.#flow.wrote(uplink, byteLength, Math.max(byteLength, this.#client.unsentBytes - before));
			this.#wrote(byteLength);
			this.#options.meter?.count(channel, (tally) => {
				tally.delivered += events;
				tally.replayed += replayed;
			});
		}
		this.#positions.set(channel, position);
		this.#withheld = offset !== position;
		if (this.#effort > this.#maxEffort) this.#end("shutdown");
	}

	#told(channel: string, message: ChannelMessage): void {
		if (this.#isEnded) return;
		switch (message.type) {
			case "gap":
				this.#gap(channel, message.gap, message.position);
				break;
			case "presence":
				this.#presence({ channel, user: message.user, state: message.state });
				break;
			case "expiring":
				this.#warn(message.expires);
				break;
			case "closing":
				this.#end(message.reason, channel);
				break;
			case "renewed":
				this.#spread(message.renewal, channel);
				break;
			case "alive":
				this.alive(ALIVE_HEARTBEATS);
				break;
			case "beat":
				this.#beat();
				break;
		}
	}

	#gap(channel: string, gap: Gap, position: number): void {
		this.#positions.set(channel, position);
		this.#control("gap", { channel, ...gap });
	}

	/** The channels count what the client has taken of their events only: of this, the relay minds how much waits. */
	#presence(presence: ControlEvents["presence"]): void {
		this.#control("presence", presence);
		const { channels, maxBacklogBytes } = this.#subscription;
		if (this.#client.unsentBytes > 2 * channels.length * maxBacklogBytes) this.#end("slow_consumer", presence.channel);
	}

	/** Every channel says so; the client hears it once. */
	#warn(expires: number): void {
		if (expires !== this.#subscription.expires || expires === this.#warnedOf) return;
		this.#warnedOf = expires;
		this.#control("expiring", { expires });
	}

	/** All channels have to know of new credentials, but one that told of them. */
	#spread(renewal: Renewal, from?: string): void {
		if (renewal.endsAt > this.#subscription.endsAt) this.#subscription = { ...this.#subscription, ...renewal };
		for (const uplink of this.#uplinks.values()) {
			if (uplink.channel !== from) uplink.send({ type: "renew", renewal });
		}
	}

	/** Joins the channel again, from where it was: unless it is gone for long, the client does not notice. */
	async #lost(lost: Uplink): Promise<void> {
		const { channel } = lost;
		if (this.#isEnded || this.#uplinks.get(channel) !== lost) return;
		this.#uplinks.delete(channel);
		for (let attempt = 0; attempt < MAX_ATTEMPTS && this.#rejoins < MAX_REJOINS; attempt += 1) {
			this.#rejoins += 1;
			const pause = Math.min(FIRST_PAUSE_MILLISECONDS * 2 ** attempt, MAX_PAUSE_MILLISECONDS);
			await scheduler.wait(pause * (0.5 + Math.random() / 2));
			if (this.#isEnded) return;
			const outcome = await this.#rejoin(channel);
			if (outcome) {
				this.#rejoined(channel, outcome);
				return;
			}
		}
		this.#end("shutdown");
	}

	/** Answers with nothing where it is worth trying again. */
	async #rejoin(channel: string): Promise<Uplink | Response | undefined> {
		const position = this.#positions.get(channel) ?? 0;
		try {
			const outcome = await this.#join(channel, { cursor: formatCursor(position), position, rejoins: true });
			return outcome instanceof Uplink || outcome.status < 500 ? outcome : undefined;
		} catch (error) {
			this.#options.logger.failure("The channel could not be joined again.", error, { channel });
			return undefined;
		}
	}

	#rejoined(channel: string, outcome: Uplink | Response): void {
		if (outcome instanceof Response) {
			this.#end("revoked");
		} else if (this.#isEnded) {
			outcome.close();
		} else {
			const { gap, position } = outcome.start;
			if (gap) this.#gap(channel, gap, position);
			this.#listen(outcome);
		}
	}

	/** @param channel the one that ended it, where it was one. */
	#end(reason: CloseReason, channel = ""): void {
		if (this.#isEnded) return;
		this.leave();
		if (reason === "slow_consumer") {
			this.#options.meter?.count(channel, (tally) => {
				tally.cut += 1;
			});
		}
		this.#client.close({ reason, reconnect: reason !== "revoked" }, this.#cursor());
	}

	/** Every control event tells the cursor, and so moves the client past what was withheld. */
	#control<Type extends keyof ControlEvents>(type: Type, data: ControlEvents[Type]): void {
		this.#wrote(0);
		this.#client.control(type, data, this.#cursor());
		this.#withheld = false;
	}

	#moveTo(channel: string, offset: number): string {
		this.#positions.set(channel, offset);
		return this.#cursor();
	}

	#cursor(): string {
		return this.#options.cursors.format(this.#positions);
	}

	#wrote(bytes: number): void {
		this.#writtenAt = Date.now();
		this.#effort += 1 + bytes / EFFORT_BYTES;
	}

	#beat(): void {
		this.#wrote(0);
		this.#client.beat(this.#withheld ? this.#cursor() : undefined);
		this.#withheld = false;
		this.#options.meter?.renew();
	}

	/** The relay beats, so that the channels can sleep. */
	#armHeartbeat(): void {
		const { heartbeatMilliseconds } = this.#options;
		const due = this.#writtenAt + heartbeatMilliseconds - Date.now();
		this.#heartbeat = setTimeout(
			() => {
				if (Date.now() - this.#writtenAt >= heartbeatMilliseconds) this.#beat();
				this.#armHeartbeat();
			},
			Math.max(due, 0),
		);
	}
}
