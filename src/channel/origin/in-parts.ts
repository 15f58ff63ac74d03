import { slicesOf } from "../../slices.ts";

/** How many relays are called at once. */
const AT_ONCE = 32;

/** Calls many relays, some at once. Rejects with the first failure, after all that were called with it have answered. */
export async function inParts<Item, Result>(
	items: readonly Item[],
	call: (item: Item) => Promise<Result>,
): Promise<Result[]> {
	const results: Result[] = [];
	for (const slice of slicesOf(items, AT_ONCE)) {
		const settled = await Promise.allSettled(slice.map(call));
		for (const each of settled) {
			if (each.status === "rejected") throw each.reason;
			results.push(each.value);
		}
	}
	return results;
}
