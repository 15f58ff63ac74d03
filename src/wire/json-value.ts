import { MAX_DEPTH } from "./json-text.ts";

/** Values from inside, which may be more than JSON can hold. JSON.stringify would leave out in silence what it cannot. */

/** What is wrong with a part of a value. */
interface Flaw {
	/** The names and indices that lead to the part. */
	path: string[];
	/** The end of a sentence about it. */
	problem: string;
}

/**
 * The first part of a value that JSON cannot hold as it is; `undefined` where it can hold all of it.
 *
 * What says by itself how it is written as JSON, as a `Date` does, may be in it; and so may members that are `undefined`,
 * which read the same when they are left out.
 *
 * @example
 * flawOf({ seen: new Set() }); // { path: ["seen"], problem: "is of the kind Set, which JSON cannot hold" }
 */
export function flawOf(value: unknown, depth = 0): Flaw | undefined {
	switch (typeof value) {
		case "string":
		case "boolean":
			return undefined;
		case "number":
			if (Number.isFinite(value) && !Object.is(value, -0)) return undefined;
			return flaw(`is ${Object.is(value, -0) ? "-0" : value}, which JSON would not keep`);
		case "object":
			return value === null ? undefined : flawOfObject(value, depth);
		default:
			return flaw(`is ${typeof value === "undefined" ? "undefined" : `a ${typeof value}`}, which JSON cannot hold`);
	}
}

function flawOfObject(value: object, depth: number): Flaw | undefined {
	if (depth === MAX_DEPTH) return flaw(`is nested deeper than ${MAX_DEPTH} levels`);
	if (Array.isArray(value)) return flawOfItems(value, depth);
	if (value instanceof Date && Number.isNaN(value.getTime())) return flaw("is an invalid Date");
	if ("toJSON" in value && typeof value.toJSON === "function") return flawOf(value.toJSON(), depth + 1);
	const kind = Object.prototype.toString.call(value).slice("[object ".length, -1);
	if (kind !== "Object") return flaw(`is of the kind ${kind}, which JSON cannot hold`);
	for (const [name, member] of Object.entries(value)) {
		const found = member === undefined ? undefined : flawOf(member, depth + 1);
		if (found) return { ...found, path: [name, ...found.path] };
	}
	return undefined;
}

function flawOfItems(list: readonly unknown[], depth: number): Flaw | undefined {
	// Not by `entries()`: a list may have holes, and an iterator costs.
	for (let index = 0; index < list.length; index += 1) {
		const found = flawOf(list[index], depth + 1);
		if (found) return { ...found, path: [String(index), ...found.path] };
	}
	return undefined;
}

function flaw(problem: string): Flaw {
	return { path: [], problem };
}
