/** The first event of a stream. */
export interface Connected {
	/** The id of the stream. */
	connection: string;
	user: string;
	channels: string[];
	/** Whether every event after the client's cursor could be replayed. */
	resumed: boolean;
	/** When the stream's credentials end, in Unix seconds. */
	expires: number;
}

/** The stream missed events that the channel has trimmed. The client has to load its state afresh. */
export interface Gap {
	channel: string;
	/** The last event that the client received. With `foreign_cursor`, the client's cursor as it was sent. */
	after: string;
	/** The oldest event that the channel still holds; `null` if it holds none. */
	oldest: string | null;
	/** `trimmed`: the events are no longer in the log. `foreign_cursor`: the cursor does not belong to this channel. */
	reason: "trimmed" | "foreign_cursor";
}

/** The stream's credentials end soon. */
export interface Expiring {
	/** When they end, in Unix seconds. */
	expires: number;
}

/** A user came online on a channel, or went offline. */
export interface Presence {
	channel: string;
	user: string;
	state: "online" | "offline";
}

/** How a channel ended: its publisher said so, or was gone for longer than its lease. */
export type EndReason = "ended" | "abandoned";

/** How many users are on a channel that tells nobody's name. */
export interface PresenceCount {
	channel: string;
	count: number;
}

/** One channel of a stream of several has ended. */
export interface Ended {
	channel: string;
	/** How it ended; absent if its publisher said so. */
	reason?: Exclude<EndReason, "ended">;
}

/** The last event of a stream that the service ends. */
export interface Closing {
	reason: "token_expired" | "revoked" | "slow_consumer" | "shutdown" | EndReason;
	/** Whether the client may connect again. */
	reconnect: boolean;
}

/** The control events of the protocol by name, with their data. */
export interface ControlEvents {
	connected: Connected;
	gap: Gap;
	expiring: Expiring;
	presence: Presence | PresenceCount;
	ended: Ended;
	closing: Closing;
}

export type ControlType = keyof ControlEvents;

/** Why the service ended a stream. */
export type CloseReason = Closing["reason"];

/** After these, a client that reconnects would get nothing more. */
const FINAL: ReadonlySet<CloseReason> = new Set(["revoked", "ended", "abandoned"]);

/**
 * Builds the `closing` event.
 *
 * @example
 * closing("ended"); // { reason: "ended", reconnect: false }
 */
export function closing(reason: CloseReason): Closing {
	return { reason, reconnect: !FINAL.has(reason) };
}

/** Builds the `ended` event. */
export function endedOf(channel: string, reason: EndReason): Ended {
	return { channel, ...(reason !== "ended" && { reason }) };
}
