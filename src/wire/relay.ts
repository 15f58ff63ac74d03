import type { ProblemCode } from "../errors.ts";
import type { EndReason } from "./control.ts";
import type { StoredEvent } from "./event.ts";
import type { Offset } from "./offset.ts";
import type { CountedBy, Start, Subscription } from "./subscription.ts";

/**
 * The protocol between a channel's origin and its relays. A relay joins the origin as a session does, in the dialect
 * `whole`, and follows its log over that WebSocket. Everything else is RPC.
 */

/** Where the origin's log starts and ends. */
export interface Extent {
	/** The lowest valid cursor other than 0; 0 before the first event. */
	born: Offset;
	/** The position before the first event; 0 before it. */
	start: Offset;
	/** The offset of the last event; 0 before the first one. */
	head: Offset;
	/** The oldest event that is retained; `null` if none is. */
	oldest: Offset | null;
	/** How it ended; `null` while events may be appended. */
	ended: EndReason | null;
}

/** A message from the origin to a relay only. */
export type RelayMessage =
	/** At the start, and when the log has ended: how it stands at this point of the stream. */
	| { type: "log"; extent: Extent }
	/** Users whose credentials were revoked: at the start, all of them. Times are in Unix milliseconds. */
	| { type: "revoked"; revocations: Revocation[] }
	/** Heartbeats are due on the streams that count together with one: dead connections have to be noticed. */
	| { type: "probe"; stream: CountedBy }
	/** To a relay that observes: users who are online. `isLast`: with those of the messages before, all of them. */
	| { type: "online"; users: string[]; isLast: boolean };

/** A part of the origin's log, which a relay has asked for. */
export interface LogPart {
	/** The retained events after a position, as many as fit. */
	events: StoredEvent[];
	/** The oldest event that is retained; the one that comes next if none is. */
	oldest: Offset;
}

/** What a relay tells the origin in one call. */
export interface RelayReport {
	relay: string;
	/** Identifies the relay's object: a new one holds none of the streams that the last one held. */
	life: string;
	/** All streams that it holds, by what they are counted by; present after it has joined the origin. */
	members?: Member[];
	/** Streams that have ended since the last report. */
	left: CountedBy[];
	/** Streams that are to be opened. */
	wanted: Wanted[];
}

/** A stream that a relay is to open. */
export interface Wanted {
	subscription: Subscription;
	/** Whether it is refused where its user has too many streams. Otherwise they are probed, and the relay asks again. */
	isLastTry: boolean;
}

/** A user whose credentials were revoked, and when, in Unix milliseconds. */
export type Revocation = [user: string, at: number];

/** Streams that count together. */
export interface Member {
	stream: CountedBy;
	streams: number;
}

/** What the origin says to a stream that a relay is to open. */
export type Admission =
	| {
			type: "admitted";
			start: Start;
			/** The head of the log: the stream opens once the relay has come as far. */
			head: Offset;
			/** Whether the origin counts it by its user. If not, the relay keeps the limit of a user among its own streams. */
			isNamed: boolean;
	  }
	/** Nothing is left to tell, and the client asked to be told so. */
	| { type: "ended"; reason: EndReason }
	/** Its user has too many streams. Some may be dead, which their heartbeats show: ask again. */
	| { type: "crowded" }
	| { type: "refused"; code: ProblemCode; detail: string };
