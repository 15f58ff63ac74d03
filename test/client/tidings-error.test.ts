import { describe, expect, it, vi } from "vitest";
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
		const headers = { "Content-Type": "text/html" };
		const error = await TidingsError.from(new Response("<h1>Bad gateway</h1>", { status: 502, headers }));
		expect(error).toMatchObject({ status: 502, code: undefined, isTemporary: true });
		expect(error.message).toContain("not from tidings: 502, text/html");
	});

	it.each([301, 302, 307, 308])("says of a redirect that it is not followed: %i", async (status) => {
		const error = await TidingsError.from(
			new Response(null, { status, headers: { Location: "https://example.com/?t=1" } }),
		);
		expect(error).toMatchObject({ status, code: undefined, isTemporary: true });
		expect(error.message).toContain("a redirect, and redirects are not followed");
		expect(error.message).not.toContain("t=1");
	});

	it.each([
		["no JSON", "<h1>Forbidden</h1>"],
		["half of it", '{"code":"insufficient_'],
		["empty", ""],
		["null", "null"],
		["a text", '"insufficient_scope"'],
		["a list", '["insufficient_scope"]'],
		["without a code", '{"detail":"No."}'],
		["with an empty code", '{"code":"","detail":"No."}'],
		["with a number for a code", '{"code":403,"detail":"No."}'],
		["with a list for a code", '{"code":["insufficient_scope"]}'],
		["nested without an end", "[".repeat(60_000)],
		["of a megabyte", JSON.stringify({ code: "insufficient_scope", detail: "x".repeat(1_000_000) })],
	])("is somebody else's where its problem details are broken: %s", async (_, body) => {
		const headers = { "Content-Type": "application/problem+json", "Retry-After": "7" };
		const error = await TidingsError.from(new Response(body, { status: 403, headers }));
		expect(error).toMatchObject({
			name: "TidingsError",
			status: 403,
			code: undefined,
			retryAfter: 7000,
			isTemporary: true,
		});
	});

	it.each([7, null, ["No."], { a: 1 }, undefined])(
		"has a message of its own where the detail is no text: %j",
		async (detail) => {
			const body = JSON.stringify({ code: "insufficient_scope", detail, status: "403" });
			const headers = { "Content-Type": "Application/Problem+JSON; charset=utf-8" };
			const error = await TidingsError.from(new Response(body, { status: 403, headers }));
			expect(error).toMatchObject({ status: 403, code: "insufficient_scope" });
			expect(error.message).toBe("The service answered with 403 insufficient_scope.");
		},
	);

	it("reads of somebody else's answer nothing, and of a problem not without an end", async () => {
		for (const type of ["text/html", "application/problem+json"]) {
			const cancel = vi.fn();
			const pull = (controller: ReadableStreamDefaultController) => controller.enqueue(new Uint8Array(10_000).fill(32));
			const body = new ReadableStream({ pull, cancel });
			const error = await TidingsError.from(new Response(body, { status: 400, headers: { "Content-Type": type } }));
			expect(error).toMatchObject({ status: 400, code: undefined });
			expect(cancel).toHaveBeenCalledOnce();
		}
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
	])("of the status %i may pass by itself: %s; as somebody else's, it may always", async (status, isTemporary) => {
		const headers = { "Content-Type": "application/problem+json" };
		const own = await TidingsError.from(new Response('{"code":"some_code"}', { status, headers }));
		expect(own.isTemporary).toBe(isTemporary);
		expect((await TidingsError.from(new Response("", { status }))).isTemporary).toBe(true);
	});

	it("that ended an open stream is final", () => {
		expect(new TidingsError("Ended.", { status: 200, code: "revoked" }).isTemporary).toBe(false);
	});
});
