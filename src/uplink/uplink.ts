import { statusOf } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { CloseReason } from "../wire/control.ts";
import { formatCursor } from "../wire/cursor.ts";
import { type ChannelMessage, decodeEvents, type EventsMessage, type SessionMessage } from "../wire/link.ts";
import type { Offset } from "../wire/offset.ts";
import type { Place } from "../wire/place.ts";
import { lastingOf, type Renewal, renewed, type Start, type Subscription } from "../wire/subscription.ts";
import { backOff } from "./back-off.ts";
import { type CallPlace, type ChannelSocket, join } from "./channel-socket.ts";
import type { RejoinBudget } from "./rejoin-budget.ts";

export interface UplinkOptions {
	/** Where the channel is joined, and joined again. */
	place: Place;
	/** The subscription, and where it starts. */
	subscription: Subscription;
	budget: Pick<RejoinBudget, "take">;
	logger: Logger;
	call: CallPlace;
}

/** Callbacks from an uplink to its session. */
export interface UplinkHandlers {
	events(uplink: Uplink, message: EventsMessage): void;
	/** Another message, such as the gap at the start or after a rejoin. */
	told(uplink: Uplink, message: ChannelMessage): void;
	/** The channel is lost for good. */
	lost(uplink: Uplink, reason: CloseReason): void;
}

/**
 * A connection to an object of a channel that survives the object. When the object dies, the uplink rejoins it at its
 * position. If that fails, it reports the channel as lost.
 */
export class Uplink {
	readonly channel: string;
	/** The position at which the stream starts. */
	readonly start: Start;
	/** The client's position in the channel. The session advances it; a rejoin starts from it. */
	position: Offset;
	readonly #options: UplinkOptions;
	#subscription: Subscription;
	#socket: ChannelSocket;
	#handlers: UplinkHandlers | undefined;
	#isClosed = false;

	private constructor(options: UplinkOptions, socket: ChannelSocket) {
		this.channel = options.place.channel;
		this.start = socket.start;
		this.position = socket.start.cursor;
		this.#options = options;
		this.#subscription = lastingOf(options.subscription);
		this.#socket = socket;
	}

	/** Joins a channel. Returns the response if the channel refuses. */
	static async open(options: UplinkOptions): Promise<Uplink | Response> {
		const joined = await join(options.call, options.place, options.subscription);
		return joined instanceof Response ? joined : new Uplink(options, joined);
	}

	/** Starts receiving. Earlier messages are buffered until then. */
	listen(handlers: UplinkHandlers): void {
		this.#handlers = handlers;
		this.#listenTo(this.#socket);
	}

	/** The WebSocket that leads to the channel now: what came over it is acknowledged to it. */
	get socket(): ChannelSocket {
		return this.#socket;
	}

	/** Applies new credentials and sends them to the channel. */
	renew(renewal: Renewal): void {
		this.applyRenewal(renewal);
		this.#send({ type: "renew", renewal });
	}

	/** Applies new credentials without sending them, because they came from the channel. */
	applyRenewal(renewal: Renewal): void {
		this.#subscription = renewed(this.#subscription, renewal);
	}

	/** Joins again, because the channel has lost this connection. Does nothing while that is under way. */
	rejoin(): void {
		this.#socket.giveUp();
	}

	close(): void {
		this.#isClosed = true;
		this.#socket.close();
	}

	/** Does nothing while the channel is gone. The rejoin carries the current credentials. */
	#send(message: SessionMessage): void {
		this.#socket.send(message);
	}

	#listenTo(socket: ChannelSocket): void {
		this.#socket = socket;
		const { gap, position } = socket.start;
		if (gap) this.#told({ type: "gap", gap, position });
		socket.listen({
			events: (message) => this.#events(decodeEvents(message)),
			told: (message) => this.#told(message),
			lost: () => void this.#rejoin(),
		});
		// The credentials were renewed during the join.
		const { user, claims, expiresAt, endsAt, issuedAt } = this.#subscription;
		if (endsAt > socket.endsAt) this.#send({ type: "renew", renewal: { user, claims, expiresAt, endsAt, issuedAt } });
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

	/** Returns `undefined` if the rejoin should be retried. */
	async #tryToRejoin(): Promise<ChannelSocket | Response | undefined> {
		const { place, call, logger } = this.#options;
		const { channel, position } = this;
		try {
			const request = { ...this.#subscription, cursor: formatCursor(position), position, rejoins: true };
			const outcome = await join(call, place, request);
			return outcome instanceof Response && outcome.status >= 500 ? undefined : outcome;
		} catch (error) {
			logger.failure("The channel could not be joined again.", error, { channel });
			return undefined;
		}
	}

	#rejoined(outcome: ChannelSocket | Response): void {
		if (outcome instanceof Response) {
			// Limits do not apply to a rejoin, so only a revocation refuses one, or a gap that the client cannot be told of.
			const reason = outcome.status === statusOf("gap") ? "shutdown" : "revoked";
			if (!this.#isClosed) this.#handlers?.lost(this, reason);
		} else if (this.#isClosed) {
			outcome.close();
		} else {
			this.#listenTo(outcome);
		}
	}
}
