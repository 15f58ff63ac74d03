import { describe, expect, it } from "vitest";
import { z } from "zod";
import { describeIssue, Problem, type ProblemCode } from "../src/errors.ts";

const STATUSES: [ProblemCode, number][] = [
	["invalid_request", 400],
	["invalid_channel", 400],
	["invalid_event", 400],
	["missing_token", 401],
	["invalid_token", 401],
	["token_expired", 401],
	["unsupported_auth_scheme", 401],
	["insufficient_scope", 403],
	["not_found", 404],
	["method_not_allowed", 405],
	["gap", 410],
	["head_moved", 412],
	["payload_too_large", 413],
	["unsupported_media_type", 415],
	["idempotency_mismatch", 422],
	["rate_limited", 429],
	["too_many_connections", 429],
	["internal_error", 500],
	["jwks_unavailable", 503],
	["channel_full", 503],
	["channel_unavailable", 503],
	["misconfigured", 503],
];

describe("Problem", () => {
	it.each(STATUSES)("returns %s with status %i, in the response and in its body", async (code, status) => {
		const problem = new Problem(code, "Do something else.");
		expect(problem.status).toBe(status);
		const response = problem.toResponse();
		expect(response.status).toBe(status);
		expect(await response.json()).toEqual({
			type: `urn:tidings:problem:${code}`,
			title: expect.stringMatching(/\S/),
			status,
			code,
			detail: "Do something else.",
		});
	});

	it.each(STATUSES)("returns %s (%i) as problem details that are not cached", (code) => {
		const { headers } = new Problem(code, "").toResponse();
		expect(headers.get("Content-Type")).toBe("application/problem+json");
		expect(headers.get("Cache-Control")).toBe("no-store");
	});

	it.each(STATUSES.filter(([, status]) => status === 429 || status === 503))(
		"tells clients when to retry after %s (%i)",
		(code) => {
			expect(new Problem(code, "").toResponse().headers.get("Retry-After")).toMatch(/^[1-9]\d*$/);
		},
	);

	it.each(STATUSES.filter(([, status]) => status < 429 || status === 500))(
		"does not tell clients to retry after %s (%i)",
		(code) => {
			expect(new Problem(code, "").toResponse().headers.has("Retry-After")).toBe(false);
		},
	);

	it.each(["missing_token", "unsupported_auth_scheme"] as const)(
		"challenges %s without an error code, as no usable credentials were sent",
		(code) => {
			expect(new Problem(code, "").toResponse().headers.get("WWW-Authenticate")).toBe('Bearer realm="tidings"');
		},
	);

	it.each(["invalid_token", "token_expired"] as const)("challenges %s with the error invalid_token", (code) => {
		expect(new Problem(code, "").toResponse().headers.get("WWW-Authenticate")).toMatch(
			/^Bearer realm="tidings", error="invalid_token", error_description="[^"\\]+"$/,
		);
	});

	it("challenges insufficient_scope with its own error code", () => {
		expect(new Problem("insufficient_scope", "").toResponse().headers.get("WWW-Authenticate")).toBe(
			'Bearer realm="tidings", error="insufficient_scope"',
		);
	});

	it.each(STATUSES.filter(([, status]) => status !== 401 && status !== 403))("does not challenge %s (%i)", (code) => {
		expect(new Problem(code, "").toResponse().headers.has("WWW-Authenticate")).toBe(false);
	});

	it("names the allowed methods in Allow", () => {
		const problem = new Problem("method_not_allowed", "", { headers: { Allow: "GET, POST" } });
		expect(problem.toResponse().headers.get("Allow")).toBe("GET, POST");
		expect(new Problem("method_not_allowed", "").toResponse().headers.has("Allow")).toBe(false);
	});

	it("does not leak its cause and its stack", async () => {
		const problem = new Problem("invalid_token", "The token is not valid.", { cause: new Error("eyJsecret") });
		const response = problem.toResponse();
		const sent = JSON.stringify([...response.headers]) + (await response.text());
		expect(problem.cause).toBeInstanceOf(Error);
		expect(sent).not.toContain("eyJsecret");
		expect(sent).not.toContain("errors.test");
	});

	it("starts its message with its code, since only the message survives RPC", () => {
		const problem = new Problem("invalid_event", "Send less.");
		expect(problem).toBeInstanceOf(Error);
		expect(problem.name).toBe("Problem");
		expect(problem.message).toBe("invalid_event: Send less.");
	});

	it("can be returned more than once", async () => {
		const problem = new Problem("not_found", "Nothing.");
		expect(await problem.toResponse().text()).toBe(await problem.toResponse().text());
	});

	it("truncates its detail to 500 characters, and never splits one", async () => {
		const details = ["x".repeat(500), "x".repeat(501), `${"x".repeat(498)}😀x`, "😀".repeat(1_000_000)];
		const cut = details.map((detail) => new Problem("invalid_event", detail));
		expect(cut.map(({ detail }) => detail)).toEqual([
			"x".repeat(500),
			`${"x".repeat(499)}…`,
			`${"x".repeat(498)}…`,
			`${"😀".repeat(249)}…`,
		]);
		for (const problem of cut) {
			expect(problem.message.length).toBeLessThanOrEqual("invalid_event: ".length + 500);
			expect(await problem.toResponse().json()).toMatchObject({ detail: problem.detail });
		}
	});

	it("preserves any text in its detail", async () => {
		const detail = 'quotes " and \\ and\r\nSet-Cookie: a=b \u2028 \u{1F600}';
		const response = new Problem("invalid_event", detail).toResponse();
		expect(response.headers.has("Set-Cookie")).toBe(false);
		expect(await response.json()).toMatchObject({ detail });
	});
});

describe("describeIssue", () => {
	function errorOf(schema: z.ZodType, input: unknown): z.ZodError {
		const { error } = schema.safeParse(input);
		if (!error) throw new Error("The schema accepts that.");
		return error;
	}

	it.each([
		["must be red", "`a.b` must be red."],
		["is missing", "`a.b` is missing."],
		["has no colour", "`a.b` has no colour."],
		["names nobody", "`a.b` names nobody."],
	])("completes a sentence about the path with the message '%s'", (message, sentence) => {
		const schema = z.object({ a: z.object({ b: z.string().refine(() => false, message) }) });
		expect(describeIssue(errorOf(schema, { a: { b: "" } }), "The body")).toBe(sentence);
	});

	it("quotes a message that only looks as if it continued the sentence", () => {
		const schema = z.string().refine(() => false, "issue 7");
		expect(describeIssue(errorOf(schema, ""), "The body")).toBe("The body is not valid: issue 7.");
	});

	it("names the whole value when there is no path", () => {
		expect(describeIssue(errorOf(z.string("must be text"), 1), "The event")).toBe("The event must be text.");
	});

	it("names list items by their index", () => {
		const schema = z.object({ channels: z.array(z.string("must be text")) });
		expect(describeIssue(errorOf(schema, { channels: ["a", 1] }), "The body")).toBe("`channels.1` must be text.");
	});

	it("truncates long names", () => {
		const schema = z.record(z.string(), z.string("must be text"));
		const name = "x".repeat(1000);
		expect(describeIssue(errorOf(schema, { [name]: 1 }), "The body")).toBe(`\`${"x".repeat(99)}…\` must be text.`);
	});

	it("describes the first of many issues", () => {
		const schema = z.object({ a: z.string("must be a"), b: z.string("must be b") });
		expect(describeIssue(errorOf(schema, {}), "The body")).toBe("`a` must be a.");
	});

	it("returns a sentence even when there is no issue", () => {
		expect(describeIssue(new z.ZodError([]), "The body")).toBe("The body is not valid.");
	});
});
