import type { ControlEvents } from "./control.ts";
import type { EventForm } from "./event.ts";

/** Where in a channel a stream wants to start. */
export interface StartRequest {
	/** The client's cursor, as it came. Wins over `rewind` and `since`. */
	cursor?: string;
	/** What the cursor means in this channel; absent where it is not a cursor of this stream. */
	position?: number;
	/** Start with the last so many remembered events. */
	rewind?: number | "all";
	/** Start with the remembered events from this time on, in unix milliseconds. */
	since?: number;
}

/** What a verified subscriber asks of a channel. It crosses from the Worker to the Channel as JSON. */
export interface Subscription extends StartRequest {
	/** The id of the stream that it is for. */
	connection: string;
	/** All channels of that stream. */
	channels: string[];
	user: string;
	claims: Record<string, unknown>;
	/** Only events of these types; absent: all. */
	types?: string[];
	/** How events are written. */
	form: EventForm;
	/** Whether the subscriber is told who comes and goes. */
	presence: boolean;
	/** Unsent bytes before the subscriber falls behind. */
	maxBacklogBytes: number;
	/** When the credentials end, in unix seconds: what the client is told. */
	expires: number;
	/** When the stream is ended, in unix milliseconds. */
	endsAt: number;
	/** The earliest time that the credentials can have been issued at, in Unix seconds; `undefined` if it is unknown. */
	issuedAt?: number | undefined;
	/** Whether the stream is open already, and comes back because the channel's object had died. */
	rejoins?: boolean;
}

/** What new credentials of the same user change about an open stream. */
export type Renewal = Pick<Subscription, "user" | "claims" | "expires" | "endsAt" | "issuedAt">;

/** What a client has to be told that it missed. */
export type Gap = Omit<ControlEvents["gap"], "channel">;

/** Where a stream starts. */
export interface Start {
	/** The stream's first event is the one after this. */
	position: number;
	/** Where the client's cursor stands until its first event or gap. */
	cursor: number;
	/** Whether a cursor was given and everything after it can be replayed. */
	resumed: boolean;
	/** What the client has to be told that it missed. */
	gap?: Gap;
}

/** Why the service ended a stream. */
export type CloseReason = ControlEvents["closing"]["reason"];

/** Why a stream ended. */
export type DisconnectReason = "client_left" | CloseReason;
