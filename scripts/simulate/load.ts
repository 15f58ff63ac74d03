import {
	type Delivery,
	EVENT_BYTES,
	MESSAGES_A_REQUEST,
	METERS,
	MINUTES,
	meteredOf,
	OBJECT_GIGABYTES,
	OPENINGS,
	SECONDS,
	type Usage,
	usageOf,
	WORKER_MILLISECONDS,
} from "../cost/bill.ts";
import { TAKEN_BYTES } from "../cost/counted.ts";
import { THREAD } from "./figures.ts";

/** What a channel of a size does and costs: the arithmetic of docs/scale.md. */

export const CROWD_SIZE = 1000;
/** For each new stream, a relay asks to admit it, and says that the one before has ended. */
const REPORTS = 2;
/** Measured: what the origin remembers of each user. */
const USER_BYTES = 283;
/** Those who come later are counted without their users. See `MAX_NAMED_STREAMS` in `src/channel/origin/origin-gate.ts`. */
const MAX_NAMED_STREAMS = 200_000;

/** How many relays hold the streams beyond the first. */
export function relaysOf(subscribers: number): number {
	return Math.max(0, Math.ceil(subscribers / CROWD_SIZE) - 1);
}

/** What the origin has to do. */
export interface OriginLoad {
	/** Milliseconds of its thread for sending an event to its relays. */
	sending: number;
	/** Requests a second that come of streams that are opened anew, each once an hour, and the part of its thread. */
	requests: number;
	requestsShare: number;
	/** Bytes for its users, where no two streams are of the same. */
	bytes: number;
}

export function loadOf(subscribers: number): OriginLoad {
	const relays = relaysOf(subscribers);
	const openings = relays === 0 ? 0 : subscribers / 3600;
	const reports = REPORTS * (THREAD.report + THREAD.reportedStream);
	return {
		sending: relays * THREAD.tieMessage,
		requests: openings * (1 + REPORTS),
		requestsShare: (openings * (THREAD.request + reports)) / 1000,
		bytes: Math.min(subscribers, MAX_NAMED_STREAMS) * USER_BYTES,
	};
}

export interface Case {
	delivery: Delivery;
	subscribers: number;
	eventsPerMinute: 1 | 60;
}

/** How many events leave for clients in a month. */
export function deliveriesOf({ subscribers, eventsPerMinute }: Pick<Case, "subscribers" | "eventsPerMinute">): number {
	return subscribers * MINUTES * eventsPerMinute;
}

/** What a month costs, were nothing included. */
export function costOf({ delivery, subscribers, eventsPerMinute }: Case): number {
	const own = Math.min(subscribers, CROWD_SIZE);
	const origin = usageOf({ delivery, subscribers: own, eventsPerMinute });
	const relays = relaysOf(subscribers);
	if (relays === 0) return meteredOf(origin);
	const crowd = { delivery, subscribers: subscribers - own, eventsPerMinute };
	// A tie keeps both of its ends awake.
	return meteredOf(sum({ ...origin, gigabyteSeconds: SECONDS * OBJECT_GIGABYTES }, usageOfRelays(crowd, relays)));
}

/** What relays use: they set no alarms and write no rows. */
function usageOfRelays({ delivery, subscribers, eventsPerMinute }: Case, relays: number): Usage {
	const openings = OPENINGS * subscribers;
	const events = MINUTES * eventsPerMinute;
	const deliveries = deliveriesOf({ subscribers, eventsPerMinute });
	const isRelayed = delivery === "hibernate";
	// What relays acknowledge, and what Workers do.
	const bytes = (events * relays + (isRelayed ? deliveries : 0)) * EVENT_BYTES;
	// Between events a minute apart, the Worker sends each client two heartbeats.
	const writes = deliveries + (eventsPerMinute === 1 ? 2 * MINUTES * subscribers : 0);
	return {
		workerRequests: openings,
		// The origin says which relay, and the relay opens.
		objectRequests: openings * (2 + REPORTS) + bytes / TAKEN_BYTES / MESSAGES_A_REQUEST,
		rowsWritten: 0,
		rowsRead: 0,
		gigabyteSeconds: relays * SECONDS * OBJECT_GIGABYTES,
		workerMilliseconds: openings * WORKER_MILLISECONDS.request + (isRelayed ? writes * WORKER_MILLISECONDS.write : 0),
	};
}

function sum(one: Usage, other: Usage): Usage {
	const total = { ...one };
	for (const meter of METERS) total[meter] += other[meter];
	return total;
}
