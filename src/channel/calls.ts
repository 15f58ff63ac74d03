import type { Measures } from "../metrics/metrics-object.ts";
import type { EndedSubscribers } from "../wire/calls.ts";
import type { LinkHeaders } from "../wire/link.ts";
import type { ListedSubscriber } from "../wire/listed-subscriber.ts";
import type { Offset } from "../wire/offset.ts";
import type { Asking, Destination } from "../wire/place.ts";
import type { Admission, LogPart, RelayReport } from "../wire/relay.ts";

/** The RPC calls from an origin to its relays. */
export interface RelayCalls {
	/** The streams that the relay holds. */
	subscribersHere(): Promise<ListedSubscriber[]>;
	measuresHere(): Promise<Measures>;
	/**
	 * Ends streams with `revoked`.
	 *
	 * @param at when their user was revoked, in Unix milliseconds.
	 * @returns how many streams were ended.
	 */
	endHere(which: EndedSubscribers, at: number): Promise<number>;
	/** The origin has wiped the log: ends all streams, and forgets all events. Returns how many streams were ended. */
	wipedHere(): Promise<number>;
	/** Joins the origin again if it has lost it. Returns whether the relay holds streams. */
	recall(): Promise<boolean>;
}

/** The RPC calls from a relay to its origin. */
export interface OriginCalls {
	/** Lets a relay follow, over the WebSocket of the answer. */
	fetch(url: string, init: { headers: LinkHeaders }): Promise<Response>;
	report(report: RelayReport): Promise<Admission[]>;
	place(asking: Asking): Promise<Destination>;
	forget(relay: string, life: string): Promise<void>;
	part(after: Offset): Promise<LogPart>;
}
