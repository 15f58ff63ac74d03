import { COUNTED, type Cost, HEARTBEATS_IN_TEN_MINUTES, TAKEN_BYTES } from "./counted.ts";

/** What a month costs: the arithmetic of docs/cost.md. */

export const MINUTES = 30 * 24 * 60;
export const SECONDS = MINUTES * 60;
/** Tokens live for an hour: so often a client opens its stream anew. */
export const OPENINGS = 30 * 24;
export const EVENT_BYTES = 200;
export const OBJECT_GIGABYTES = 0.128;
/** An object that has nothing to do for so long is unloaded. */
const SLEEP_SECONDS = 10;
/** Approximate: for the disk, and measured CPU time. */
const OBJECT_SECONDS = { request: 0.01, delivery: 25e-6 };
export const WORKER_MILLISECONDS = { request: 1, write: 0.03 };

/** Dollars for a million, and how many a month are included. */
const PRICES = {
	workerRequests: { price: 0.3, included: 10e6 },
	objectRequests: { price: 0.15, included: 1e6 },
	rowsWritten: { price: 1, included: 50e6 },
	rowsRead: { price: 0.001, included: 25e9 },
	gigabyteSeconds: { price: 12.5, included: 400_000 },
	workerMilliseconds: { price: 0.02, included: 30e6 },
};
const MINIMUM = 5;
export const MESSAGES_A_REQUEST = 20;

type Meter = keyof typeof PRICES;
export type Usage = Record<Meter, number>;
export type Delivery = "direct" | "hibernate";

export interface Case {
	delivery: Delivery;
	subscribers: number;
	eventsPerMinute: 1 | 60;
}

/** What a channel that always has its subscribers uses in a month. */
export function usageOf({ delivery, subscribers, eventsPerMinute }: Case): Usage {
	const sleeps = delivery === "hibernate";
	const events = MINUTES * eventsPerMinute;
	const deliveries = events * subscribers;
	const openings = OPENINGS * subscribers;
	const stream = subscribers === 1 ? COUNTED.loneStream : COUNTED.stream;
	const things = events + openings * stream.requests;
	const wakes = sleeps && SECONDS / things > SLEEP_SECONDS ? things : 0;
	const { requests, messages, rowsWritten, rowsRead } = sum([
		[events, COUNTED.publish],
		[openings, stream],
		[sleeps ? 0 : (MINUTES / 10) * HEARTBEATS_IN_TEN_MINUTES[eventsPerMinute], COUNTED.heartbeat],
		[wakes, COUNTED.wake],
		[sleeps ? (deliveries * EVENT_BYTES) / TAKEN_BYTES : 0, COUNTED.taken],
	]);
	const busySeconds =
		(things + wakes) * OBJECT_SECONDS.request + (deliveries + wakes * subscribers) * OBJECT_SECONDS.delivery;
	// Between events a minute apart, the Worker sends each client two heartbeats.
	const writes = deliveries + (eventsPerMinute === 1 ? 2 * MINUTES * subscribers : 0);
	return {
		workerRequests: events + openings,
		objectRequests: requests + messages / MESSAGES_A_REQUEST,
		rowsWritten,
		rowsRead,
		gigabyteSeconds: (sleeps ? busySeconds : SECONDS) * OBJECT_GIGABYTES,
		workerMilliseconds:
			(events + openings) * WORKER_MILLISECONDS.request + (sleeps ? writes * WORKER_MILLISECONDS.write : 0),
	};
}

/** 1,000 answers of a model a day, each live in a channel of its own. */
const ANSWERS = { count: 30 * 1000, events: 500, seconds: 10, readers: 2 };

/** What the answers of a month use, where events that come within a time share a row. */
export function usageOfAnswers(lingerMilliseconds: number): Usage {
	const { count, events, seconds, readers } = ANSWERS;
	const groups = Math.min(events, Math.ceil((seconds * 1000) / Math.max(1, lingerMilliseconds)));
	const { requests, rowsWritten, rowsRead } = sum([
		[count, COUNTED.answer],
		[count * groups, COUNTED.answerGroup],
	]);
	const workerRequests = count * (1 + readers);
	return {
		workerRequests,
		objectRequests: requests,
		rowsWritten,
		rowsRead,
		// The open body keeps the object in memory, whoever holds the streams.
		gigabyteSeconds: count * seconds * OBJECT_GIGABYTES,
		workerMilliseconds: workerRequests * WORKER_MILLISECONDS.request,
	};
}

function sum(parts: [number, Cost][]): Cost {
	const total = (part: keyof Cost) => parts.reduce((sum, [count, cost]) => sum + count * cost[part], 0);
	return {
		requests: total("requests"),
		messages: total("messages"),
		rowsWritten: total("rowsWritten"),
		rowsRead: total("rowsRead"),
	};
}

export const METERS = Object.keys(PRICES) as Meter[];

/** What a meter costs, were nothing included. */
export function meteredBy(meter: Meter, usage: Usage): number {
	return (usage[meter] * PRICES[meter].price) / 1e6;
}

/** What all meters cost, were nothing included. */
export function meteredOf(usage: Usage): number {
	return METERS.reduce((sum, meter) => sum + meteredBy(meter, usage), 0);
}

/** What so many channels cost, were nothing included. */
export function metered(example: Case, channels = 1): number {
	return channels * meteredOf(usageOf(example));
}

/** What so many channels cost an account that has nothing else. */
export function bill(example: Case, channels: number): number {
	const usage = usageOf(example);
	return METERS.reduce((sum, meter) => {
		const { price, included } = PRICES[meter];
		return sum + (Math.max(0, channels * usage[meter] - included) * price) / 1e6;
	}, MINIMUM);
}
