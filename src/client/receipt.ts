import type { Receipt } from "../wire/receipt.ts";

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
