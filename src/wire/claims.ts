/**
 * The claims that events can be addressed to: strings, numbers, booleans, `null`, and lists of these.
 *
 * JSON parsers round integers beyond 2^53 - 1 (RFC 8259, section 6), so that different numbers become equal. Such numbers
 * therefore match nothing.
 */

export const ROUNDED_HELP = "must not be a number beyond 2^53 - 1, which JSON parsers round: send it as a string";

/** Whether a claim is a number that may have been rounded. */
function isRounded(value: unknown): boolean {
	return typeof value === "number" && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER);
}

/** Whether a claim is a number that may have been rounded, or a list that contains one. */
export function holdsRounded(claim: unknown): boolean {
	return isRounded(claim) || (Array.isArray(claim) && claim.some(isRounded));
}

/**
 * Returns a copy of claims without the numbers that may have been rounded.
 *
 * @example
 * withoutRounded({ role: "admin", tenant: 2 ** 53, teams: [7, 2 ** 60] }); // { role: "admin", teams: [7] }
 */
export function withoutRounded(claims: Record<string, unknown>): Record<string, unknown> {
	return Object.fromEntries(
		Object.entries(claims)
			.filter(([, claim]) => !isRounded(claim))
			.map(([name, claim]) => [name, Array.isArray(claim) ? claim.filter((item) => !isRounded(item)) : claim]),
	);
}
