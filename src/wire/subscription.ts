import type { CloseReason, Connected, Gap } from "./control.ts";
import type { DialectName } from "./dialect/dialects.ts";
import type { Offset } from "./offset.ts";

/** Where a stream asks to start in a channel. */
export interface StartRequest {
	/** The client's cursor, as sent. Takes precedence over `rewind` and `since`. */
	cursor?: string;
	/** The cursor's position in this channel; absent if it has none. */
	position?: Offset;
	/** Start with the last N retained events. */
	rewind?: number | "all";
	/** Start with the first retained event that was published at or after this time, in Unix milliseconds. */
	since?: number;
	/** Answer 204, without a stream, if the channel has ended and the cursor is at its end. */
	unlessAtEnd?: boolean;
}

/** What a verified subscriber asks of a channel. It crosses from the Worker to the Channel as JSON. */
export interface Subscription extends StartRequest {
	/** The id of the stream. */
	connection: string;
	/** All channels of that stream. */
	channels: string[];
	user: string;
	claims: Record<string, unknown>;
	/** Of a client without credentials: a keyed hash of its address, which its streams are counted by. */
	anonymousFrom?: string;
	/** Only events of these types; absent: all. */
	types?: string[];
	/**
	 * The dialect in which the channel encodes events. With `stored`, a session encodes them. With `whole`, a relay gets
	 * them with their recipients.
	 */
	dialect: DialectName | "stored" | "whole";
	/** What becomes of a gap in a dialect that cannot tell of it: the stream is refused or ended, or goes on. */
	gaps?: "refused" | "ignored";
	/** Whether the subscriber gets presence events. */
	presence: boolean;
	/** The backlog, in unsent bytes, at which the subscriber falls behind. */
	maxBacklogBytes: number;
	/** When the credentials expire, in Unix milliseconds. The client is told. */
	expiresAt: number;
	/** When the stream is ended, in Unix milliseconds. */
	endsAt: number;
	/** The earliest time that the credentials can have been issued at, in Unix milliseconds; `undefined` if it is unknown. */
	issuedAt?: number | undefined;
	/** Whether this is a rejoin: the stream is open, but the channel's object died. */
	rejoins?: boolean;
}

/** The fields of an open stream that a renewal replaces. */
export type Renewal = Pick<Subscription, "user" | "claims" | "expiresAt" | "endsAt" | "issuedAt">;

/** A subscription without its start request, which has served its purpose once the stream is open. */
export function lastingOf({
	cursor: _,
	position: __,
	rewind: ___,
	since: ____,
	unlessAtEnd: _____,
	...lasting
}: Subscription): Subscription {
	return lasting;
}

/**
 * A subscription with new credentials.
 *
 * @returns `subscription` itself if the new credentials end earlier: they change nothing.
 *
 * @example
 * renewed({ expiresAt: 1, endsAt: 1, issuedAt: 1 }, { expiresAt: 2, endsAt: 2 }).issuedAt; // undefined
 */
export function renewed<Kind extends Renewal>(subscription: Kind, renewal: Renewal): Kind {
	if (renewal.endsAt <= subscription.endsAt) return subscription;
	// A renewal that crossed as JSON has lost an `issuedAt` that is undefined. The old one must not stay.
	return { ...subscription, issuedAt: undefined, ...renewal };
}

/** Whether two streams count together for the limit of a user, or of an address without credentials. */
export function countTogether(one: CountedBy, other: CountedBy): boolean {
	if (one.anonymousFrom !== other.anonymousFrom) return false;
	return one.anonymousFrom !== undefined || one.user === other.user;
}

/** What a stream is counted by. */
export type CountedBy = Pick<Subscription, "user" | "anonymousFrom">;

/** A gap without the channel's name, as the log reports it. */
export type LogGap = Omit<Gap, "channel">;

/** Where a stream starts. */
export interface Start {
	/** The stream starts after this offset. */
	position: Offset;
	/** The client's cursor until its first event or gap. */
	cursor: Offset;
	/** Whether a cursor was given and everything after it can be replayed. */
	resumed: boolean;
	/** The gap, if events were missed. */
	gap?: LogGap;
}

/** Why a stream ended. */
export type DisconnectReason = "client_left" | CloseReason;

/** Builds the `connected` event, which is sent when a stream opens or is renewed. */
export function connectedOf(
	{ connection, user, channels, expiresAt }: Pick<Subscription, "connection" | "user" | "channels" | "expiresAt">,
	resumed: boolean,
): Connected {
	return { connection, user, channels, resumed, expires: expiresAt / 1000 };
}
