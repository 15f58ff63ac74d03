import { describe, expect, it } from "vitest";
import { TidingsError } from "../../src/client/tidings-error.ts";
import { Problem } from "../../src/errors.ts";

describe("an error of the service", () => {
	it("says what its problem details say", async () => {
		const error = await TidingsError.from(new Problem("insufficient_scope", "Not yours.").toResponse());
		expect(error).toMatchObject({
			name: "TidingsError",
			message: "Not yours.",
			status: 403,
			code: "insufficient_scope",
		});
		expect(error.isTemporary).toBe(false);
		expect(error.retryAfter).toBeUndefined();
	});

	it("says how long to wait, where the service asks for it", async () => {
		const response = new Response("", { status: 503, headers: { "Retry-After": "5" } });
		expect(await TidingsError.from(response)).toMatchObject({ retryAfter: 5000, isTemporary: true });
	});

	it("has no code where somebody else has answered", async () => {
		const error = await TidingsError.from(new Response("<h1>Bad gateway</h1>", { status: 502 }));
		expect(error).toMatchObject({ message: "The service answered with 502.", status: 502, code: "" });
	});

	it.each([
		[400, false],
		[401, false],
		[403, false],
		[404, false],
		[408, true],
		[413, false],
		[429, true],
		[500, true],
		[503, true],
	])("of the status %i may pass by itself: %s", async (status, isTemporary) => {
		expect((await TidingsError.from(new Response("", { status }))).isTemporary).toBe(isTemporary);
	});
});
