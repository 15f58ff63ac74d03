import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "../src/errors.ts";
import { Logger } from "../src/logger.ts";
import { type Line, watchLines } from "./support/lines.ts";

let lines: Line[];

beforeEach(() => {
	lines = watchLines();
});

afterEach(() => {
	vi.restoreAllMocks();
});

describe("Logger", () => {
	it.each([
		[101, "info"],
		[201, "info"],
		[304, "info"],
		[400, "warn"],
		[429, "warn"],
		[500, "error"],
		[503, "error"],
	])("logs status %i as %s", (status, level) => {
		new Logger({}).outcome("Done.", status, undefined);
		expect(lines).toMatchObject([{ method: level, fields: { level, message: "Done.", status } }]);
	});

	it("adds its context to every line", () => {
		const logger = new Logger({ request: "r1" });
		logger.outcome("One.", 200, undefined, { path: "/" });
		logger.add("publisher", "key:1");
		logger.failure("Two.", "a reason");
		expect(lines.map(({ fields }) => fields)).toEqual([
			{ level: "info", message: "One.", request: "r1", path: "/", status: 200 },
			{ level: "error", message: "Two.", request: "r1", publisher: "key:1", error: { message: "a reason" } },
		]);
	});

	it("includes the cause of a 5xx, and of nothing else", () => {
		const cause = new RangeError("out of range");
		const logger = new Logger({});
		logger.outcome("Failed.", 503, new Problem("channel_unavailable", "Try again.", { cause }));
		logger.outcome("Refused.", 401, new Problem("invalid_token", "No.", { cause }));
		expect(lines.map(({ fields }) => fields)).toEqual([
			{
				level: "error",
				message: "Failed.",
				status: 503,
				code: "channel_unavailable",
				detail: "Try again.",
				error: { name: "RangeError", message: "out of range", stack: expect.stringContaining("logger.test") },
			},
			{ level: "warn", message: "Refused.", status: 401, code: "invalid_token", detail: "No." },
		]);
	});

	it.each([
		["a text", "a text"],
		[undefined, undefined],
		[null, "null"],
		[7, "7"],
		[{ toString: () => "an object" }, "an object"],
		[Object.assign(new Error(), { message: { not: "a text" } }), "[object Object]"],
	])("logs whatever was thrown: %j", (thrown, message) => {
		new Logger({}, ["secret"]).failure("Failed.", thrown);
		expect(lines[0]?.fields.error).toEqual(message === undefined ? undefined : expect.objectContaining({ message }));
	});

	it("redacts secrets everywhere, even in the stack of an error", () => {
		const logger = new Logger({ request: "r-hunter2" }, ["hunter2"]);
		const cause = Object.assign(new Error("hunter2"), { name: "hunter2Error" });
		logger.outcome("hunter2", 500, new Problem("internal_error", "hunter2", { cause }), { path: "/hunter2" });
		expect(lines[0]?.text).not.toContain("hunter2");
		expect(lines[0]?.fields).toMatchObject({
			request: "r-[redacted]",
			message: "[redacted]",
			path: "/[redacted]",
			detail: "[redacted]",
			error: { name: "[redacted]Error", message: "[redacted]", stack: expect.stringContaining("Error: [redacted]") },
		});
	});

	it("redacts secrets that are added later, and those of the constructor", () => {
		const logger = new Logger({}, ["first"]);
		for (const secret of ["second", "third"]) {
			logger.hide([secret]);
			logger.failure(`first and ${secret}`, undefined);
		}
		for (const { text } of lines) expect(text).toContain('"[redacted] and [redacted]"');
	});

	it("does not redact its own words: level, method, code and publisher", () => {
		const own = ["warn", "POST", "invalid_token", "key:1"];
		const logger = new Logger({ publisher: "key:1" }, own);
		logger.outcome("Refused.", 401, new Problem("invalid_token", "No."), { method: "POST" });
		expect(lines[0]?.fields).toMatchObject({
			level: "warn",
			method: "POST",
			code: "invalid_token",
			publisher: "key:1",
			status: 401,
		});
	});

	it("writes one bounded line of JSON, whatever it contains", () => {
		const text = `"},\n{"level":"info"\u2028${"x".repeat(100_000)}`;
		new Logger({ request: text }, ["x"]).outcome(text, 500, new Problem("internal_error", text, { cause: text }));
		expect(lines[0]?.text).not.toContain("\n");
		expect(lines[0]?.text.length).toBeLessThan(10_000);
		expect(lines[0]?.fields).toMatchObject({ level: "error", request: expect.stringMatching(/^"},\n{"level"/) });
	});
});
