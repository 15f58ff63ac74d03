/**
 * The claims of a user, as events can be addressed to them: texts, numbers, booleans and `null`, and lists of these.
 *
 * JSON rounds whole numbers beyond 2^53, so that one becomes another. Such numbers match nothing.
 */

export const ROUNDED_HELP = "must not be a number beyond 2^53 - 1, which JSON rounds: write it as a text";

/** Whether a claim is a number that may have been another one before it was rounded. */
function isRounded(value: unknown): boolean {
	return typeof value === "number" && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER);
}

/** Whether a claim is a number that may have been rounded, or a list that holds one. */
export function holdsRounded(claim: unknown): boolean {
	return isRounded(claim) || (Array.isArray(claim) && claim.some(isRounded));
}

/**
 * Claims without the numbers that may have been rounded.
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
