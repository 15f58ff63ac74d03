/**
 * Cuts a list into slices of a size; the last one may be shorter.
 *
 * @returns at least one slice, which is empty if the list is.
 *
 * @example
 * slicesOf([1, 2, 3], 2); // [[1, 2], [3]]
 */
export function slicesOf<Item>(items: readonly Item[], size: number): Item[][] {
	const slices = Math.max(1, Math.ceil(items.length / size));
	return Array.from({ length: slices }, (_, slice) => items.slice(slice * size, (slice + 1) * size));
}
