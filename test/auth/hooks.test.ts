import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { askConsent, askUser } from "../../src/auth/hooks.ts";
import { Logger } from "../../src/logger.ts";
import { holdTimers } from "../support/clock.ts";

const TOKEN = "a-token-that-no-line-may-hold";
const logger = new Logger({}, [TOKEN]);
const now = () => Date.now() / 1000;
let lines: { message: string; error: { message: string } }[];

beforeEach(() => {
	lines = [];
	vi.spyOn(console, "error").mockImplementation((line: string) => lines.push(JSON.parse(line)));
});

afterEach(() => {
	vi.restoreAllMocks();
	vi.useRealTimers();
});

/** The user that a hook's answer results in. */
function userOf(answer: unknown) {
	return askUser(() => answer as null, TOKEN, new Request("http://tidings.test/"), logger);
}

function alice(said: object = {}) {
	return { sub: "alice", expires: Math.floor(now()) + 600, ...said };
}

function problem(code: string) {
	return expect.objectContaining({ name: "Problem", code });
}

describe("askUser", () => {
	it("fills in defaults and ignores unknown properties", async () => {
		const expires = Math.floor(now()) + 600;
		expect(await userOf({ sub: "alice", expires: expires + 0.7, email: "alice@example.com" })).toEqual({
			sub: "alice",
			expires,
			claims: {},
			channels: [],
			publish: [],
		});
		expect(await userOf(Promise.resolve(alice({ issuedAt: undefined })))).toMatchObject({ sub: "alice" });
	});

	it("accepts any claims that JSON can represent, and drops undefined ones", async () => {
		const claims = { role: "admin", level: 7, teams: ["a", 1, null], org: { id: 1, tags: [] }, vip: false, none: null };
		const said = { ...claims, left: undefined, since: new Date(0) };
		expect((await userOf(alice({ claims: said }))).claims).toEqual({ ...claims, since: "1970-01-01T00:00:00.000Z" });
	});

	it("drops numbers that may have been rounded, since they could match other numbers", async () => {
		const claims = { tenant: 738529527931269400, safe: 2 ** 53 - 1, teams: [1, -(2 ** 53), 1e300, 0.5] };
		expect((await userOf(alice({ claims }))).claims).toEqual({ safe: 2 ** 53 - 1, teams: [1, 0.5] });
	});

	it("tolerates a clock skew of a minute", async () => {
		expect((await userOf(alice({ issuedAt: now() + 55 }))).sub).toBe("alice");
	});

	it("is not affected when the hook mutates its answer later", async () => {
		const said = alice({ claims: { teams: ["a"] }, channels: ["orders"] });
		const user = await userOf(said);
		(said as unknown as { channels: string[] }).channels.push("*");
		(said as unknown as { claims: { teams: string[] } }).claims.teams.push("b");
		expect(user).toMatchObject({ channels: ["orders"], claims: { teams: ["a"] } });
	});

	it("denies what the hook denies, and logs nothing", async () => {
		await expect(userOf(null)).rejects.toThrow(problem("invalid_token"));
		expect(lines).toEqual([]);
	});

	it.each([
		["nothing", undefined, "The answer must be `null`"],
		["false", false, "The answer must be `null`"],
		["true", true, "The answer must be `null`"],
		["a string", "alice", "The answer must be `null`"],
		["a list", [{ sub: "alice", expires: 9e9 }], "The answer must be `null`"],
		["no subject", { expires: 9e9 }, "`sub`"],
		["an empty subject", alice({ sub: "" }), "`sub` must not be empty"],
		["a number for a subject", alice({ sub: 7 }), "`sub` must be a string"],
		["a list for a subject", alice({ sub: ["alice"] }), "`sub`"],
		["null for a subject", alice({ sub: null }), "`sub`"],
		["everyone for a subject", alice({ sub: "*" }), "`sub` must not be `*`"],
		["an ill-formed subject", alice({ sub: "alice\ud800" }), "`sub` must be well-formed"],
		["a subject that is too long", alice({ sub: "a".repeat(257) }), "`sub` must have at most 256"],
		["no end", { sub: "alice" }, "`expires`"],
		["null for an end", alice({ expires: null }), "`expires`"],
		["a string for an end", alice({ expires: "9000000000" }), "`expires`"],
		["a Date for an end", alice({ expires: new Date(9e12) }), "`expires`"],
		["an end in milliseconds", alice({ expires: Date.now() + 600_000 }), "`expires` must be a time in Unix seconds"],
		["an end in microseconds", alice({ expires: Date.now() * 1000 }), "`expires`"],
		["an infinite end", alice({ expires: Number.POSITIVE_INFINITY }), "`expires`"],
		["NaN for an end", alice({ expires: Number.NaN }), "`expires`"],
		["an end before 1970", alice({ expires: -1 }), "`expires`"],
		["an end as a bigint", alice({ expires: 9000000000n }), "`expires`"],
		["a beginning in milliseconds", alice({ issuedAt: Date.now() }), "`issuedAt`"],
		["a beginning an hour ahead", alice({ issuedAt: now() + 3600 }), "`issuedAt` must not be in the future"],
		["a beginning two minutes ahead", alice({ issuedAt: now() + 120 }), "`issuedAt` must not be in the future"],
		["a string for a beginning", alice({ issuedAt: "1795223089" }), "`issuedAt`"],
		["NaN for a beginning", alice({ issuedAt: Number.NaN }), "`issuedAt`"],
		["null for a beginning", alice({ issuedAt: null }), "`issuedAt`"],
		["a string for channels", alice({ channels: "chat:*" }), "`channels` must be a list of channel patterns"],
		["an object for channels", alice({ channels: { 0: "*", length: 1 } }), "`channels`"],
		["a Set for channels", alice({ channels: new Set(["orders"]) }), "`channels`"],
		["null for channels", alice({ channels: null }), "`channels`"],
		["a number among channels", alice({ channels: ["orders", 7] }), "`channels.1`"],
		["a list among channels", alice({ channels: [["*"]] }), "`channels.0`"],
		[
			"a malformed pattern among channels",
			alice({ channels: ["orders", "a b"] }),
			"`channels.1` must be a channel name",
		],
		["a placeholder for the subject among channels", alice({ channels: ["user:{sub}"] }), "`channels.0`"],
		["a string for publish", alice({ publish: "*" }), "`publish` must be a list of channel patterns"],
		["true for publish", alice({ publish: true }), "`publish`"],
		["a malformed pattern for publish", alice({ publish: ["**"] }), "`publish.0`"],
		["a string for claims", alice({ claims: "admin" }), "`claims` must be an object"],
		["a list for claims", alice({ claims: ["admin"] }), "`claims` must be an object"],
		["a Map for claims", alice({ claims: new Map([["role", "admin"]]) }), "`claims` must be an object"],
		["null for claims", alice({ claims: null }), "`claims` must be an object"],
		["a bigint among claims", alice({ claims: { tenant: 7n } }), "`claims.tenant` is a bigint"],
		["a Set among claims", alice({ claims: { teams: new Set(["a"]) } }), "`claims.teams` is an instance of Set"],
		["NaN among claims", alice({ claims: { level: Number.NaN } }), "`claims.level` is NaN"],
		["a hole in a list among claims", alice({ claims: { teams: ["a", undefined] } }), "`claims.teams.1`"],
		["a function among claims", alice({ claims: { role: () => "admin" } }), "`claims.role`"],
	])("denies %s, and logs what is wrong", async (_, answer, wrong) => {
		await expect(userOf(answer)).rejects.toThrow(problem("invalid_token"));
		expect(lines).toEqual([
			expect.objectContaining({
				message: "The authenticate hook failed; the request is denied.",
				error: expect.objectContaining({ message: expect.stringContaining(wrong) }),
			}),
		]);
	});

	it("denies circular claims", async () => {
		const claims: Record<string, unknown> = {};
		claims.self = claims;
		await expect(userOf(alice({ claims }))).rejects.toThrow(problem("invalid_token"));
		expect(lines).toHaveLength(1);
	});

	it("denies when the hook throws or rejects, and when reading its answer throws", async () => {
		const answers: (() => null | Promise<null>)[] = [
			() => {
				throw new Error("hunter2");
			},
			() => Promise.reject(new Error("hunter2")),
			() =>
				({
					get sub() {
						throw new Error("hunter2");
					},
				}) as unknown as null,
		];
		for (const answer of answers) {
			const asked = askUser(answer, TOKEN, new Request("http://tidings.test/"), logger);
			await expect(asked).rejects.toThrow(
				expect.objectContaining({ code: "invalid_token", message: expect.not.stringContaining("hunter2") }),
			);
		}
		expect(lines).toHaveLength(3);
	});

	it("denies when the hook has not answered after 10 seconds", async () => {
		holdTimers();
		const asked = expect(userOf(new Promise(() => undefined))).rejects.toThrow(problem("invalid_token"));
		await vi.advanceTimersByTimeAsync(10_000);
		await asked;
		expect(lines).toMatchObject([{ error: { message: "The hook timed out after 10 seconds." } }]);
	});
});

describe("askConsent", () => {
	function consent(answer: unknown): Promise<boolean> {
		return askConsent(() => answer, "orders", logger);
	}

	it("is true or false as the hook answers, sync or async, and logs nothing", async () => {
		expect(await consent(true)).toBe(true);
		expect(await consent(Promise.resolve(true))).toBe(true);
		expect(await consent(false)).toBe(false);
		expect(await consent(Promise.resolve(false))).toBe(false);
		expect(lines).toEqual([]);
	});

	it.each([
		["nothing", undefined],
		["null", null],
		["a string", "true"],
		["1", 1],
		["0", 0],
		["an object", { allowed: true }],
		["a list", [true]],
		["a boxed true", Object(true)],
		["a function", () => true],
	])("is false when the hook answers with %s, and logs it", async (_, answer) => {
		expect(await consent(answer)).toBe(false);
		expect(lines).toMatchObject([
			{ message: "An authorisation hook failed; the request is denied.", channel: "orders" },
		]);
	});

	it("is false when the hook throws, rejects or times out", async () => {
		const thrown = askConsent(
			() => {
				throw new Error("no");
			},
			"orders",
			logger,
		);
		expect(await thrown).toBe(false);
		expect(await consent(Promise.reject(new Error("no")))).toBe(false);
		holdTimers();
		const asked = consent(new Promise(() => undefined));
		await vi.advanceTimersByTimeAsync(10_000);
		expect(await asked).toBe(false);
		expect(lines).toHaveLength(3);
	});
});
