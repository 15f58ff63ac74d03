import type { Logger } from "../logger.ts";
import type { Meter } from "../metrics/meter.ts";
import { Acks } from "../uplink/acks.ts";
import type { CallChannel } from "../uplink/tie.ts";
import { type RejoinBudget, Uplink, type UplinkHandlers } from "../uplink/uplink.ts";
import { ALIVE_HEARTBEATS } from "../wire/connection.ts";
import { type CloseReason, type ControlEvents, type ControlType, closing } from "../wire/control.ts";
import type { Cursors } from "../wire/cursor.ts";
import type { Dialect } from "../wire/dialect/dialect.ts";
import { DIALECTS, type DialectName } from "../wire/dialect/dialects.ts";
import type { ChannelMessage, EventsMessage } from "../wire/link.ts";
import type { Offset } from "../wire/offset.ts";
import { spreadRetry } from "../wire/retry.ts";
import { readStored } from "../wire/stored.ts";
import { connectedOf, type LogGap, type Renewal, type StartRequest, type Subscription } from "../wire/subscription.ts";
import type { Client } from "./client.ts";
import { Effort, MAX_EFFORT } from "./effort.ts";
import { Heartbeat } from "./heartbeat.ts";

/** How often channels may be rejoined in all: an invocation of a Worker may send 10,000 requests. */
const MAX_REJOINS = 1000;

/** What a stream comes to, once it is known who opens it. */
export interface SessionOptions {
	/** Sorted. */
	channels: readonly string[];
	cursors: Cursors;
	/** What is asked of every channel, in the client's dialect. */
	subscription: Subscription & { dialect: DialectName };
	/** Where each channel starts. */
	starts: ReadonlyMap<string, StartRequest>;
	heartbeatMilliseconds: number;
	retryMilliseconds: number;
	/** Counts what the client gets; absent where nobody adds up. */
	meter: Meter | undefined;
	logger: Logger;
	call: CallChannel;
}

/**
 * One client of one or several channels. An uplink ties it to each of them, so that a channel can sleep while nothing
 * happens, and can die and be rejoined without the client noticing.
 */
export class Session {
	readonly #options: SessionOptions;
	readonly #client: Client;
	readonly #dialect: Dialect;
	/** What is asked of every channel now. */
	#subscription: Subscription;
	readonly #uplinks = new Map<string, Uplink>();
	readonly #acks: Acks;
	readonly #effort: Effort;
	readonly #heartbeat: Heartbeat;
	#isOpen = false;
	#isEnded = false;
	/** Whether events were withheld that the client's cursor is not past yet. */
	#hasWithheld = false;
	/** The end of the credentials that the client was warned of. */
	#warnedOf: number | undefined;
	#silence: number | null = null;

	constructor(options: SessionOptions, client: Client, maxEffort = MAX_EFFORT) {
		const { channels, subscription, heartbeatMilliseconds } = options;
		this.#options = options;
		this.#client = client;
		this.#dialect = DIALECTS[subscription.dialect];
		// With several channels, the cursor is the session's own, so it writes every event by itself.
		const isPassedOn = channels.length === 1 && client.pass !== undefined;
		this.#subscription = isPassedOn ? subscription : { ...subscription, dialect: "stored" };
		this.#acks = new Acks(() => client.unsentBytes);
		this.#effort = new Effort(maxEffort);
		this.#heartbeat = new Heartbeat(heartbeatMilliseconds, () => this.#beat());
	}

	/** Joins the channels, and starts the stream. Answers with the refusal of a channel that refuses. */
	async start(): Promise<Response | undefined> {
		const { channels, starts } = this.#options;
		const budget = rejoinBudget();
		const outcomes = await Promise.allSettled(channels.map((channel) => this.#open(channel, budget)));
		const opened = outcomes.filter((each) => each.status === "fulfilled").map(({ value }) => value);
		const uplinks = opened.filter((each) => each instanceof Uplink);
		const refusal = opened.find((each) => each instanceof Response);
		const failure = outcomes.find((each) => each.status === "rejected");
		if (refusal || failure || this.#isEnded) {
			for (const uplink of uplinks) uplink.close();
			if (!refusal && failure) throw failure.reason;
			return refusal;
		}
		for (const uplink of uplinks) this.#uplinks.set(uplink.channel, uplink);
		// What the cursor does not name is new, and has nothing to resume.
		const isNew = ({ channel }: Uplink) => starts.get(channel)?.cursor === undefined;
		this.#connected(!uplinks.every(isNew) && uplinks.every((uplink) => uplink.start.resumed || isNew(uplink)));
		for (const uplink of uplinks) uplink.listen(this.#handlers);
		this.#heartbeat.start();
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

	/** Goes on with new credentials of the same user, and says so. */
	renew(renewal: Renewal): void {
		if (this.#isEnded) return;
		this.#know(renewal);
		for (const uplink of this.#uplinks.values()) uplink.renew(renewal);
		this.#connected(true);
	}

	/** The client has given a sign of life. Unless it gives another within so many heartbeats, it has left. */
	alive(heartbeats: number): void {
		clearTimeout(this.#silence);
		if (this.#isEnded) return;
		const lose = () => {
			this.leave();
			this.#client.close("client_left");
		};
		this.#silence = setTimeout(lose, heartbeats * this.#options.heartbeatMilliseconds);
	}

	/** The client has left. */
	leave(): void {
		if (this.#isEnded) return;
		this.#isEnded = true;
		if (this.#isOpen) this.#options.meter?.left();
		this.#heartbeat.stop();
		clearTimeout(this.#silence);
		this.#acks.stop();
		for (const uplink of this.#uplinks.values()) uplink.close();
	}

	async #open(channel: string, budget: RejoinBudget): Promise<Uplink | Response> {
		const { starts, logger, call } = this.#options;
		const subscription = { ...this.#subscription, ...starts.get(channel) };
		return await Uplink.open({ channel, subscription, budget, logger, call });
	}

	readonly #handlers: UplinkHandlers = {
		events: (uplink, message) => this.#events(uplink, message),
		told: (uplink, message) => this.#told(uplink, message),
		lost: ({ channel }, reason) => this.#end(reason, channel),
	};

	#connected(resumed: boolean): void {
		const retry = spreadRetry(this.#options.retryMilliseconds, Math.random());
		this.#control("connected", connectedOf(this.#subscription, resumed), retry);
	}

	#events(uplink: Uplink, message: EventsMessage): void {
		const { position, last, events, replayed, text } = message;
		if (last !== undefined) {
			const before = this.#client.unsentBytes;
			this.#write(uplink, text);
			const { byteLength } = text;
			this.#acks.wrote(uplink, byteLength, Math.max(byteLength, this.#client.unsentBytes - before));
			this.#wrote(byteLength);
			this.#options.meter?.count(uplink.channel, (tally) => {
				tally.delivered += events;
				tally.replayed += replayed;
			});
		}
		uplink.position = position;
		this.#hasWithheld = last !== position;
		if (this.#effort.isSpent) this.#end("shutdown", uplink.channel);
	}

	#write(uplink: Uplink, text: Uint8Array): void {
		if (this.#subscription.dialect !== "stored") {
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
				this.#presence({ channel, user: message.user, state: message.state });
				break;
			case "expiring":
				this.#warn(message.expiresAt);
				break;
			case "closing":
				this.#end(message.reason, channel);
				break;
			case "renewed":
				this.#spread(message.renewal, uplink);
				break;
			case "alive":
				this.alive(ALIVE_HEARTBEATS);
				break;
			case "beat":
				this.#beat();
				break;
		}
	}

	#gap(uplink: Uplink, gap: LogGap, position: Offset): void {
		uplink.position = position;
		this.#control("gap", { channel: uplink.channel, ...gap });
	}

	/** Channels count what the client takes of their events only: how much else waits for it is minded here. */
	#presence(presence: ControlEvents["presence"]): void {
		this.#control("presence", presence);
		const { channels, maxBacklogBytes } = this.#subscription;
		if (this.#client.unsentBytes > 2 * channels.length * maxBacklogBytes) this.#end("slow_consumer", presence.channel);
	}

	/** Every channel says so; the client hears it once. */
	#warn(expiresAt: number): void {
		if (expiresAt !== this.#subscription.expiresAt || expiresAt === this.#warnedOf) return;
		this.#warnedOf = expiresAt;
		this.#control("expiring", { expires: expiresAt / 1000 });
	}

	/** One channel has told of new credentials: the others have to know. */
	#spread(renewal: Renewal, from: Uplink): void {
		this.#know(renewal);
		for (const uplink of this.#uplinks.values()) {
			if (uplink === from) uplink.know(renewal);
			else uplink.renew(renewal);
		}
	}

	#know(renewal: Renewal): void {
		if (renewal.endsAt > this.#subscription.endsAt) this.#subscription = { ...this.#subscription, ...renewal };
	}

	/** @param channel the one that the end comes from. */
	#end(reason: CloseReason, channel: string): void {
		if (this.#isEnded) return;
		this.leave();
		if (reason === "slow_consumer") {
			this.#options.meter?.count(channel, (tally) => {
				tally.cut += 1;
			});
		}
		this.#client.close(reason, this.#dialect.end(closing(reason), this.#cursor));
	}

	/** Every control event tells the cursor, and so moves the client past what was withheld. */
	#control<Type extends ControlType>(type: Type, data: ControlEvents[Type], retry?: number): void {
		this.#wrote(0);
		this.#client.write([this.#dialect.control(type, data, this.#cursor, retry)]);
		this.#hasWithheld = false;
	}

	#beat(): void {
		this.#wrote(0);
		this.#client.write([this.#dialect.beat(this.#hasWithheld ? this.#cursor : undefined)]);
		this.#hasWithheld = false;
		this.#options.meter?.renew();
	}

	get #cursor(): string {
		return this.#options.cursors.format((channel) => this.#uplinks.get(channel)?.position);
	}

	#wrote(bytes: number): void {
		this.#heartbeat.wrote();
		this.#effort.wrote(bytes);
	}
}

function rejoinBudget(): RejoinBudget {
	let left = MAX_REJOINS;
	return {
		take: () => {
			left -= 1;
			return left >= 0;
		},
	};
}
