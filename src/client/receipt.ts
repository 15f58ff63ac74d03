import type { Receipt } from "../wire/receipt.ts";

/** The answer to a publish from a stream. Once it arrives, the events are on disk. */
export interface PipeReceipt {
	channel: string;
	/** The id of the first event; `null` if there was none. */
	first: string | null;
	/** The id of the last event; `null` if there was none. */
	last: string | null;
	/** How many events the stream had. */
	events: number;
	/** How many streams of the channel are open. */
	subscribers: number;
}

/** Whether an answer is the receipt for a publish of so many events. */
export function isReceiptFor(count: number, told: Partial<Record<keyof Receipt, unknown>>): told is Receipt {
	const { channel, ids, subscribers } = told;
	return (
		typeof channel === "string" &&
		Array.isArray(ids) &&
		ids.length === count &&
		ids.every((id) => typeof id === "string") &&
		typeof subscribers === "number"
	);
}

/** Whether an answer is the receipt for a publish from a stream to this channel. */
export function isPipeReceiptFor(
	channel: string,
	told: Partial<Record<keyof PipeReceipt, unknown>>,
): told is PipeReceipt {
	return (
		told.channel === channel &&
		typeof told.events === "number" &&
		typeof told.subscribers === "number" &&
		[told.first, told.last].every((id) => (told.events === 0 ? id === null : typeof id === "string"))
	);
}
