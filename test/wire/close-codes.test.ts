import { describe, expect, it } from "vitest";
import { closeCodeOf, closeCodeOfError } from "../../src/wire/close-codes.ts";

describe("a close code", () => {
	it.each([
		[400, 4400],
		[413, 4400],
		[401, 4401],
		[403, 4403],
		[429, 1013],
		[500, 1013],
		[503, 1013],
	])("says of an error with the status %d what a client can do: %d", (status, code) => {
		expect(closeCodeOfError(status)).toBe(code);
	});

	it("says whether a stream that has ended may come back, and how", () => {
		expect(closeCodeOf("token_expired")).toBe(4401);
		expect(closeCodeOf("revoked")).toBe(4403);
		expect(closeCodeOf("shutdown")).toBe(1013);
		expect(closeCodeOf("ended")).toBe(1000);
		expect(closeCodeOf("abandoned")).toBe(1000);
	});
});
