import type { CloseReason, Connected, Gap } from "./control.ts";
import type { DialectName } from "./dialect/dialects.ts";
import type { Offset } from "./offset.ts";

/** Where in a channel a stream wants to start. */
export interface StartRequest {
	/** The client's cursor, as it came. Wins over `rewind` and `since`. */
	cursor?: string;
	/** What the cursor means in this channel; absent where it is not a cursor of this stream. */
	position?: Offset;
	/** Start with the last so many remembered events. */
	rewind?: number | "all";
	/** Start with the remembered events from this time on, in Unix milliseconds. */
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
	/** How the channel writes events; `stored`: as they are, for a session that writes them itself. */
	dialect: DialectName | "stored";
	/** Whether the subscriber is told who comes and goes. */
	presence: boolean;
	/** Unsent bytes before the subscriber falls behind. */
	maxBacklogBytes: number;
	/** When the credentials end, in Unix milliseconds: what the client is told. */
	expiresAt: number;
	/** When the stream is ended, in Unix milliseconds. */
	endsAt: number;
	/** The earliest time that the credentials can have been issued at, in Unix milliseconds; `undefined` if it is unknown. */
	issuedAt?: number | undefined;
	/** Whether the stream is open already, and comes back because the channel's object had died. */
	rejoins?: boolean;
}

/** What new credentials of the same user change about an open stream. */
export type Renewal = Pick<Subscription, "user" | "claims" | "expiresAt" | "endsAt" | "issuedAt">;

/** A gap in the log of a channel, which does not know the channel's name. */
export type LogGap = Omit<Gap, "channel">;

/** Where a stream starts. */
export interface Start {
	/** The stream's first event is the one after this. */
	position: Offset;
	/** Where the client's cursor stands until its first event or gap. */
	cursor: Offset;
	/** Whether a cursor was given and everything after it can be replayed. */
	resumed: boolean;
	/** What was missed. */
	gap?: LogGap;
}

/** Why a stream ended. */
export type DisconnectReason = "client_left" | CloseReason;

/** What a client is told when its stream opens, or has new credentials. */
export function connectedOf(
	{ connection, user, channels, expiresAt }: Pick<Subscription, "connection" | "user" | "channels" | "expiresAt">,
	resumed: boolean,
): Connected {
	return { connection, user, channels, resumed, expires: expiresAt / 1000 };
}
