import type { Logger } from "../logger.ts";
import type { CloseReason } from "../wire/control.ts";
import { formatCursor } from "../wire/cursor.ts";
import { type ChannelMessage, decodeEvents, type EventsMessage, type SessionMessage } from "../wire/link.ts";
import type { Offset } from "../wire/offset.ts";
import type { Renewal, Start, Subscription } from "../wire/subscription.ts";
import { backOff } from "./back-off.ts";
import { type CallChannel, join, type Tie } from "./tie.ts";

/** The share of its backlog that a client takes before the channel is told: rarely, since that wakes the channel. */
const TOLD_SHARE = 1 / 16;

/** Whether a lost channel may be joined once more. */
export interface RejoinBudget {
	take(): boolean;
}

export interface UplinkOptions {
	channel: string;
	/** What is asked of the channel, and where it starts there. */
	subscription: Subscription;
	budget: RejoinBudget;
	logger: Logger;
	call: CallChannel;
}

/** What a session wants to know of its channels. */
export interface UplinkHandlers {
	events(uplink: Uplink, message: EventsMessage): void;
	/** A channel tells something else: also what was missed, where the uplink starts or has rejoined. */
	told(uplink: Uplink, message: ChannelMessage): void;
	/** The channel is lost for good. */
	lost(uplink: Uplink, reason: CloseReason): void;
}

/**
 * A tie to one channel's object that heals itself. When the object dies, the uplink rejoins it from where it was: whoever
 * holds an uplink sees a channel that is there, or is told that it is lost for good.
 */
export class Uplink {
	readonly channel: string;
	/** Where it starts in the channel. */
	readonly start: Start;
	/** Where the client stands in the channel. Whoever writes to the client moves it on; a rejoin starts from it. */
	position: Offset;
	readonly #options: UplinkOptions;
	readonly #tellBytes: number;
	#subscription: Subscription;
	#tie: Tie;
	#handlers: UplinkHandlers | undefined;
	#takenBytes = 0;
	#isClosed = false;

	private constructor(options: UplinkOptions, tie: Tie) {
		this.channel = options.channel;
		this.start = tie.start;
		this.position = tie.start.cursor;
		this.#options = options;
		const { cursor: _, position: __, rewind: ___, since: ____, ...lasting } = options.subscription;
		this.#subscription = lasting;
		this.#tellBytes = lasting.maxBacklogBytes * TOLD_SHARE;
		this.#tie = tie;
	}

	/** Joins a channel; answers with the response instead where the channel refuses. */
	static async open(options: UplinkOptions): Promise<Uplink | Response> {
		const joined = await join(options.call, options.channel, options.subscription);
		return joined instanceof Response ? joined : new Uplink(options, joined);
	}

	/** Takes what the channel sends from now on. What it has sent already was kept. */
	listen(handlers: UplinkHandlers): void {
		this.#handlers = handlers;
		this.#listenTo(this.#tie);
	}

	/** The client has taken so much of this channel's events. */
	taken(bytes: number): void {
		this.#takenBytes += bytes;
		if (this.#takenBytes < this.#tellBytes) return;
		this.#send({ type: "taken", bytes: this.#takenBytes });
		this.#takenBytes = 0;
	}

	/** Goes on with new credentials. */
	renew(renewal: Renewal): void {
		this.know(renewal);
		this.#send({ type: "renew", renewal });
	}

	/** The channel itself has told of new credentials, or has older ones than these. */
	know(renewal: Renewal): void {
		if (renewal.endsAt > this.#subscription.endsAt) this.#subscription = { ...this.#subscription, ...renewal };
	}

	close(): void {
		this.#isClosed = true;
		this.#tie.close();
	}

	/** Says nothing once the channel has gone: what it has to know, it is told when it is rejoined. */
	#send(message: SessionMessage): void {
		this.#tie.send(message);
	}

	#listenTo(tie: Tie): void {
		this.#tie = tie;
		const { gap, position } = tie.start;
		if (gap) this.#told({ type: "gap", gap, position });
		tie.listen({
			events: (message) => this.#events(decodeEvents(message)),
			told: (message) => this.#told(message),
			lost: () => void this.#rejoin(),
		});
		// The credentials were renewed while it was on its way.
		const { user, claims, expiresAt, endsAt, issuedAt } = this.#subscription;
		if (endsAt > tie.endsAt) this.#send({ type: "renew", renewal: { user, claims, expiresAt, endsAt, issuedAt } });
	}

	#events(message: EventsMessage): void {
		if (!this.#isClosed) this.#handlers?.events(this, message);
	}

	#told(message: ChannelMessage): void {
		if (!this.#isClosed) this.#handlers?.told(this, message);
	}

	async #rejoin(): Promise<void> {
		if (this.#isClosed) return;
		for await (const _ of backOff()) {
			if (this.#isClosed) return;
			if (!this.#options.budget.take()) break;
			const outcome = await this.#tryToRejoin();
			if (outcome) return this.#rejoined(outcome);
		}
		this.#handlers?.lost(this, "shutdown");
	}

	/** Answers with nothing where it is worth trying again. */
	async #tryToRejoin(): Promise<Tie | Response | undefined> {
		const { channel, call, logger } = this.#options;
		const { position } = this;
		try {
			const request = { ...this.#subscription, cursor: formatCursor(position), position, rejoins: true };
			const outcome = await join(call, channel, request);
			return outcome instanceof Response && outcome.status >= 500 ? undefined : outcome;
		} catch (error) {
			logger.failure("The channel could not be joined again.", error, { channel });
			return undefined;
		}
	}

	#rejoined(outcome: Tie | Response): void {
		if (outcome instanceof Response) {
			if (!this.#isClosed) this.#handlers?.lost(this, "revoked");
		} else if (this.#isClosed) {
			outcome.close();
		} else {
			this.#listenTo(outcome);
		}
	}
}
