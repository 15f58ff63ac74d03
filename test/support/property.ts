import fc from "fast-check";
import { vi } from "vitest";

// Hundreds of cases take longer than other tests may.
vi.setConfig({ testTimeout: 60_000 });

/** One seed for all properties of a file: printed, so that a failure can be had again by writing it here. */
const seed = Math.floor(Math.random() * 2 ** 31);
console.log(`fast-check seed ${seed}`);
fc.configureGlobal({ seed });

/** Text with everything that a wire format may trip over. */
export const nastyText = fc.oneof(
	fc.string({ unit: "binary" }),
	fc.string({ unit: "grapheme" }),
	fc
		.array(
			fc.constantFrom(
				"\n",
				"\r",
				"\r\n",
				"\n\n",
				":",
				" ",
				"data: ",
				"id: 7",
				"event: gap",
				"retry: 1",
				"\u0000",
				"\ufeff",
				"\u2028",
				"\u2029",
				"\ud800",
				"\udc00",
				"x",
				"é",
				"😀",
			),
		)
		.map((parts) => parts.join("")),
);

/** Any JSON value, with nasty texts for its strings and keys. */
export const nastyJson = fc.jsonValue({ maxDepth: 4, stringUnit: "binary" });

export { fc };
