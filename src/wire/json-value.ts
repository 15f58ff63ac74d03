import { MAX_DEPTH } from "./json-text.ts";

/** Values that cannot be serialised as JSON. `JSON.stringify` silently drops or changes most of them. */

/** A part of a value that JSON cannot represent. */
interface Flaw {
	/** The names and indices that lead to the part. */
	path: string[];
	/** The predicate of a sentence about the part. */
	problem: string;
}

/**
 * Returns the first part of a value that JSON cannot represent, or `undefined` if there is none.
 *
 * Objects with a `toJSON` method, such as a `Date`, are allowed. So are `undefined` members, which read the same when they
 * are omitted.
 *
 * @example
 * flawOf({ seen: new Set() }); // { path: ["seen"], problem: "is an instance of Set, which JSON cannot represent" }
 */
export function flawOf(value: unknown, depth = 0): Flaw | undefined {
	switch (typeof value) {
		case "string":
		case "boolean":
			return undefined;
		case "number":
			if (Number.isFinite(value) && !Object.is(value, -0)) return undefined;
			return flaw(`is ${Object.is(value, -0) ? "-0" : value}, which JSON would not preserve`);
		case "object":
			return value === null ? undefined : flawOfObject(value, depth);
		default:
			return flaw(
				`is ${typeof value === "undefined" ? "undefined" : `a ${typeof value}`}, which JSON cannot represent`,
			);
	}
}

function flawOfObject(value: object, depth: number): Flaw | undefined {
	if (depth === MAX_DEPTH) return flaw(`is nested deeper than ${MAX_DEPTH} levels`);
	if (Array.isArray(value)) return flawOfItems(value, depth);
	if (value instanceof Date && Number.isNaN(value.getTime())) return flaw("is an invalid Date");
	if ("toJSON" in value && typeof value.toJSON === "function") return flawOf(value.toJSON(), depth + 1);
	const kind = Object.prototype.toString.call(value).slice("[object ".length, -1);
	if (kind !== "Object") return flaw(`is an instance of ${kind}, which JSON cannot represent`);
	for (const [name, member] of Object.entries(value)) {
		const found = member === undefined ? undefined : flawOf(member, depth + 1);
		if (found) return { ...found, path: [name, ...found.path] };
	}
	return undefined;
}

function flawOfItems(list: readonly unknown[], depth: number): Flaw | undefined {
	// Not an iterator, which is slower. Holes count as `undefined`.
	for (let index = 0; index < list.length; index += 1) {
		const found = flawOf(list[index], depth + 1);
		if (found) return { ...found, path: [String(index), ...found.path] };
	}
	return undefined;
}

function flaw(problem: string): Flaw {
	return { path: [], problem };
}
