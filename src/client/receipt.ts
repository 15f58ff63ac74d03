import type { LiveReceipt, Receipt } from "../wire/receipt.ts";

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
export function isLiveReceiptFor(
	channel: string,
	told: Partial<Record<keyof LiveReceipt, unknown>>,
): told is LiveReceipt {
	return (
		told.channel === channel &&
		typeof told.events === "number" &&
		typeof told.subscribers === "number" &&
		[told.first, told.last].every((id) => (told.events === 0 ? id === null : typeof id === "string"))
	);
}
