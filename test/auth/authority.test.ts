import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { readSettings } from "../../src/auth/authenticator.ts";
import { Authority } from "../../src/auth/authority.ts";
import type { AuthenticatedUser, AuthorisationHooks } from "../../src/auth/hooks.ts";
import type { Publisher } from "../../src/auth/publishers.ts";
import { sealTicket } from "../../src/auth/tickets.ts";
import type { Lease, User } from "../../src/auth/user.ts";
import type { SettingsEnv } from "../../src/config.ts";
import { Logger } from "../../src/logger.ts";
import { TestIssuer } from "../support/issuer.ts";

const KEY = "authority-key-0123456789abcdef0123456789";
const SECRET = "authority-secret-0123456789abcdef0123456789";

const SEAL = { secrets: [SECRET], issuer: "http://localhost:8788" } as const;

const logger = new Logger({});
let issuer: TestIssuer;
let env: SettingsEnv;

beforeAll(async () => {
	issuer = await TestIssuer.start("https://authority.test/jwks.json");
	env = {
		JWKS_URL: issuer.jwksUrl,
		JWT_ISSUER: "http://localhost:8788",
		JWT_AUDIENCE: "tidings",
		PUBLISH_KEYS: `${KEY}=orders,chat:*`,
		TICKET_SECRET: SECRET,
	};
});

afterEach(() => {
	vi.restoreAllMocks();
	vi.useRealTimers();
});

function request(token?: string, query = ""): Request {
	const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
	return new Request(`http://tidings.test/events${query}`, { headers });
}

function problem(code: string, detail = "") {
	return expect.objectContaining({ name: "Problem", code, detail: expect.stringContaining(detail) });
}

/** A lease that must be given. */
async function granted(asked: Promise<Lease | undefined>): Promise<Lease> {
	const lease = await asked;
	if (!lease) throw new Error("There are no credentials.");
	return lease;
}

const later = () => Math.floor(Date.now() / 1000) + 600;

/** An authority whose users come from a hook. */
function authorityFor(user: AuthenticatedUser | null, settings: SettingsEnv = {}): Authority {
	return authorityOf(settings, { authenticate: () => user });
}

function userNamed(sub: string, channels: string[] = []): User {
	return { sub, claims: { sub }, channels, publish: [], expires: later() };
}

function authorityOf(settings: SettingsEnv, hooks: AuthorisationHooks = {}): Authority {
	return new Authority(readSettings(settings, hooks), hooks, logger);
}

describe("Authority", () => {
	it("needs all settings of an identity provider or none, and says what is missing", () => {
		const { JWKS_URL, JWT_ISSUER, JWT_AUDIENCE } = env;
		const three = { JWKS_URL, JWT_ISSUER, JWT_AUDIENCE };
		for (const name of ["JWKS_URL", "JWT_ISSUER", "JWT_AUDIENCE"] as const) {
			const { [name]: left, ...others } = three;
			for (const some of [others, { [name]: left }]) {
				const missing = Object.keys(three).find((each) => !(each in some));
				expect(() => authorityOf(some)).toThrow(problem("misconfigured", `${missing} is not set. `));
				expect(() => authorityOf(some, { authenticate: () => null })).not.toThrow();
			}
		}
		expect(() => authorityOf({})).not.toThrow();
	});

	it("refuses unusable settings with an authenticate hook, too", () => {
		expect(() => authorityFor(null, { HEARTBEAT_SECONDS: 0 })).toThrow(problem("misconfigured", "HEARTBEAT_SECONDS"));
	});
});

describe("ticketSeal", () => {
	it("is the setting, for the issuer of the tokens", () => {
		expect(authorityOf(env).ticketSeal).toEqual(SEAL);
	});

	it("is the setting alone where no issuer says who a user is", () => {
		const seal = { secrets: [SECRET], issuer: undefined };
		expect(authorityOf(env, { authenticate: () => null }).ticketSeal).toEqual(seal);
		expect(authorityOf({ TICKET_SECRET: SECRET }).ticketSeal).toEqual(seal);
	});

	it("is asked for only where it is needed", () => {
		const authority = authorityFor(null);
		expect(() => authority.ticketSeal).toThrow(problem("misconfigured", "TICKET_SECRET"));
	});
});

describe("leaseFor", () => {
	it("is the user of a token, whose stream ends with it", async () => {
		const exp = later();
		const { user, endsAt } = await granted(authorityOf(env).leaseFor(request(await issuer.token({ exp })), {}, false));
		expect(user.sub).toBe("alice");
		expect(endsAt).toBe(exp * 1000);
	});

	it("is nobody's without credentials", async () => {
		expect(await authorityOf(env).leaseFor(request(), {}, false)).toBeUndefined();
		expect(await authorityOf(env).leaseForMessage({}, request(), false)).toBeUndefined();
	});

	it("gives a token that has just expired the rest of the tolerance", async () => {
		const exp = Math.floor(Date.now() / 1000) - 30;
		const { endsAt } = await granted(authorityOf(env).leaseFor(request(await issuer.token({ exp })), {}, false));
		expect(endsAt).toBe((exp + 60) * 1000);
	});

	it("is the user of a ticket", async () => {
		const now = Date.now();
		const held = {
			user: "bob",
			claims: {},
			channels: ["orders"],
			opensUntil: now + 60_000,
			streamFor: 60_000,
			resumesUntil: null,
			endsAt: now + 120_000,
		};
		for (const authority of [
			authorityOf(env),
			authorityOf(env, { authenticate: () => null }),
			authorityOf({ TICKET_SECRET: SECRET }),
		]) {
			const ticket = await sealTicket(held, authority.ticketSeal);
			const { user } = await granted(authority.leaseFor(request(), { ticket }, false));
			expect(user).toMatchObject({ sub: "bob", channels: ["orders"], publish: [] });
		}
	});

	it("tells a resuming ticket from a new one", async () => {
		const now = Date.now();
		const ticket = await sealTicket(
			{
				user: "bob",
				claims: {},
				channels: ["orders"],
				opensUntil: now - 1,
				streamFor: 60_000,
				resumesUntil: now + 60_000,
				endsAt: now + 120_000,
			},
			SEAL,
		);
		const authority = authorityOf(env);
		await expect(authority.leaseFor(request(), { ticket }, true)).resolves.toBeDefined();
		await expect(authority.leaseFor(request(), { ticket }, false)).rejects.toThrow(problem("token_expired"));
	});

	it("is not who has a ticket where tickets are not set up", async () => {
		await expect(authorityFor(null).leaseFor(request(), { ticket: "x" }, false)).rejects.toThrow(
			problem("misconfigured", "TICKET_SECRET"),
		);
	});

	it("is not who has a publish key, and is told what that is for", async () => {
		const authenticate = vi.fn(() => null);
		const refused = problem("invalid_token", "This is a publish key, which cannot open streams. Make a ticket");
		for (const authority of [
			authorityOf(env),
			authorityOf(env, { authenticate }),
			authorityOf({ PUBLISH_KEYS: KEY, TICKET_SECRET: SECRET }),
		]) {
			await expect(authority.leaseFor(request(KEY), {}, false)).rejects.toThrow(refused);
			await expect(authority.leaseFor(request(), { token: KEY }, false)).rejects.toThrow(refused);
			await expect(authority.leaseFor(request(), { ticket: KEY }, false)).rejects.toThrow(refused);
			await expect(authority.leaseForMessage({ token: KEY }, request(), false)).rejects.toThrow(refused);
			await expect(authority.leaseForMessage({ ticket: KEY }, request(), false)).rejects.toThrow(refused);
			await expect(authority.leaseForToken(request(KEY))).rejects.toThrow(refused);
		}
		expect(authenticate).not.toHaveBeenCalled();
	});

	it("is nobody with a token where only tickets are taken", async () => {
		const authority = authorityOf({ PUBLISH_KEYS: KEY, TICKET_SECRET: SECRET });
		const token = await issuer.token();
		const refused = problem("invalid_token", "accepts tickets only");
		for (const credential of [token, "opaque"]) {
			await expect(authority.leaseFor(request(credential), {}, false)).rejects.toThrow(refused);
			await expect(authority.leaseForToken(request(credential))).rejects.toThrow(refused);
			await expect(authority.leaseForMessage({ token: credential }, request(), false)).rejects.toThrow(refused);
		}
		await expect(authority.publisher(request(token))).rejects.toThrow(refused);
		await expect(authority.publisher(request(KEY))).resolves.toMatchObject({ kind: "key" });
	});

	it("is not who sends a ticket as a token", async () => {
		const ticket = await sealTicket(
			{
				user: "b",
				claims: {},
				channels: [],
				opensUntil: 9e15,
				streamFor: 1,
				resumesUntil: null,
				endsAt: 9e15,
			},
			SEAL,
		);
		const authority = authorityOf(env);
		await expect(authority.leaseFor(request(ticket), {}, false)).rejects.toThrow(problem("invalid_token"));
		await expect(authority.leaseFor(request(), { token: ticket }, false)).rejects.toThrow(problem("invalid_token"));
		await expect(authority.publisher(request(ticket))).rejects.toThrow(problem("invalid_token"));
	});

	it("is not who has a token for a ticket", async () => {
		const token = await issuer.token();
		await expect(authorityOf(env).leaseFor(request(), { ticket: token }, false)).rejects.toThrow(
			problem("invalid_token"),
		);
	});
});

describe("publisher", () => {
	it("is who has a publish key, for the key's channels", async () => {
		expect(await authorityOf(env).publisher(request(KEY))).toEqual({
			kind: "key",
			id: expect.stringMatching(/^key:[0-9a-f]{16}$/),
			patterns: ["orders", "chat:*"],
		});
	});

	it("is who has a token, for the channels that it lets them publish to, not those that they may read", async () => {
		const token = await issuer.token({ publish: ["chat:7"], channels: ["*"] });
		const publisher = await authorityOf(env).publisher(request(token));
		expect(publisher).toMatchObject({ kind: "user", patterns: ["chat:7"], user: { sub: "alice" } });
	});

	it("is nobody whose credentials are in the query", async () => {
		await expect(authorityOf(env).publisher(request(undefined, `?token=${KEY}`))).rejects.toThrow(
			problem("missing_token"),
		);
	});

	it("is nobody with another key", async () => {
		await expect(authorityOf(env).publisher(request(`${KEY}x`))).rejects.toThrow(problem("invalid_token"));
	});

	it("is told about publish keys where a wrong one came, not about JWTs", async () => {
		for (const authority of [authorityOf(env), authorityOf({ PUBLISH_KEYS: KEY })]) {
			for (const wrong of [`${KEY}x`, KEY.slice(1), `${KEY}=orders,chat:*`, "undefined", "hello", `"${KEY}"`]) {
				const error = await authority.publisher(request(wrong)).catch((thrown: unknown) => thrown);
				expect(error).toEqual(
					problem("invalid_token", "neither a publish key of this service (PUBLISH_KEYS) nor a JWT"),
				);
				expect(`${error}`).not.toContain(KEY.slice(1));
			}
		}
	});

	it("does not ask the authenticate hook for a publish key", async () => {
		const authenticate = vi.fn(() => null);
		const authority = authorityOf({ PUBLISH_KEYS: KEY }, { authenticate });
		expect(await authority.publisher(request(KEY))).toEqual({ kind: "key", id: expect.any(String), patterns: ["*"] });
		expect(authenticate).not.toHaveBeenCalled();
	});

	it("asks the authenticate hook where there are no keys", async () => {
		const authority = authorityFor({ sub: "alice", expires: later(), publish: ["orders"] });
		expect(await authority.publisher(request(KEY))).toMatchObject({ kind: "user", patterns: ["orders"] });
	});
});

describe("the authenticate hook", () => {
	it("is given the token and the request", async () => {
		const authenticate = vi.fn(() => null);
		const asked = request("abc");
		await authorityOf({}, { authenticate })
			.leaseFor(asked, {}, false)
			.catch(() => undefined);
		expect(authenticate).toHaveBeenCalledExactlyOnceWith("abc", asked);
	});

	it("may say only who it is: then there are the default channels and nothing else", async () => {
		const expires = later();
		const { user, endsAt } = await granted(
			authorityFor({ sub: "auth0|1", expires }).leaseFor(request("abc"), {}, false),
		);
		expect(endsAt).toBe(expires * 1000);
		expect(user).toEqual({
			sub: "auth0|1",
			expires,
			claims: { sub: "auth0|1" },
			channels: ["user:auth0~7C1", "public:*"],
			publish: [],
		});
	});

	it("may say all of it, but not that the subject is another one", async () => {
		const said = { sub: "alice", expires: later(), channels: ["a"], publish: ["b"] };
		const authority = authorityFor(
			{ ...said, issuedAt: 1_795_223_089, claims: { role: "admin", sub: "bob" } },
			{ DEFAULT_CHANNELS: "news" },
		);
		expect((await granted(authority.leaseFor(request("abc"), {}, false))).user).toEqual({
			...said,
			channels: ["a", "news"],
			claims: { role: "admin", sub: "alice" },
			issuedAt: 1_795_223_029,
		});
	});

	it("may answer later", async () => {
		const authority = authorityOf({}, { authenticate: async () => ({ sub: "alice", expires: later() }) });
		expect((await granted(authority.leaseFor(request("abc"), {}, false))).user.sub).toBe("alice");
	});

	it("denies with null", async () => {
		await expect(authorityFor(null).leaseFor(request("abc"), {}, false)).rejects.toThrow(problem("invalid_token"));
	});

	it("denies when it answers in another form", async () => {
		vi.spyOn(console, "error").mockImplementation(() => undefined);
		const spread = { sub: "alice", expires: later(), channels: "chat:*" as unknown as string[] };
		await expect(authorityFor(spread).leaseFor(request("abc"), {}, false)).rejects.toThrow(problem("invalid_token"));
		await expect(authorityFor(spread).publisher(request("abc"))).rejects.toThrow(problem("invalid_token"));
		await expect(authorityFor(spread).leaseForToken(request("abc"))).rejects.toThrow(problem("invalid_token"));
		await expect(authorityFor(spread).leaseForMessage({ token: "abc" }, request(), false)).rejects.toThrow(
			problem("invalid_token"),
		);
	});

	it.each([0, 1, 1_700_000_000])("denies when the session ended at %d", async (expires) => {
		await expect(authorityFor({ sub: "alice", expires }).leaseFor(request("abc"), {}, false)).rejects.toThrow(
			problem("token_expired"),
		);
	});

	it("has no tolerance: its clock is this one", async () => {
		const expires = Math.floor(Date.now() / 1000) - 1;
		await expect(authorityFor({ sub: "alice", expires }).leaseFor(request("abc"), {}, false)).rejects.toThrow(
			problem("token_expired"),
		);
	});
});

describe("allowSubscribe", () => {
	it("lets in whom the grants let in", async () => {
		const authority = authorityFor(null);
		await expect(authority.allowSubscribe(userNamed("alice", ["chat:*"]), "chat:7")).resolves.toBeUndefined();
	});

	it.each([
		[[], "orders"],
		[["*"], "user:bob"],
		[["user:*"], "user:bob"],
	])("keeps out whom %j does not grant %s, naming the claim", async (channels, channel) => {
		const authority = authorityFor(null, { CHANNELS_CLAIM: "rooms" });
		await expect(authority.allowSubscribe(userNamed("alice", channels), channel)).rejects.toThrow(
			problem("insufficient_scope", "`rooms`"),
		);
	});

	it("asks the hook only after the grants said yes: it cannot widen them", async () => {
		const authorizeSubscribe = vi.fn(() => true);
		const authority = authorityOf(env, { authorizeSubscribe });
		await expect(authority.allowSubscribe(userNamed("alice"), "orders")).rejects.toThrow(problem("insufficient_scope"));
		expect(authorizeSubscribe).not.toHaveBeenCalled();
		const alice = userNamed("alice", ["orders"]);
		await authority.allowSubscribe(alice, "orders");
		expect(authorizeSubscribe).toHaveBeenCalledExactlyOnceWith(alice, "orders");
	});

	it("lets in whom the hook lets in later", async () => {
		const authority = authorityOf(env, { authorizeSubscribe: async () => true });
		await expect(authority.allowSubscribe(userNamed("alice", ["orders"]), "orders")).resolves.toBeUndefined();
	});
});

describe("allowPublish", () => {
	const publishers: [string, Publisher][] = [
		["key", { kind: "key", id: "key:1", patterns: ["orders", "user:*"] }],
		["user", { kind: "user", id: "user:alice", user: userNamed("alice", ["*"]), patterns: ["orders", "user:*"] }],
		["service", { kind: "service", id: "service", patterns: ["orders", "user:*"] }],
	];

	it.each(publishers)("lets a %s publish where its patterns reach, to personal channels too", async (_, publisher) => {
		const authority = authorityFor(null);
		await expect(authority.allowPublish(publisher, "orders")).resolves.toBeUndefined();
		await expect(authority.allowPublish(publisher, "user:bob")).resolves.toBeUndefined();
		await expect(authority.allowPublish(publisher, "orders2")).rejects.toThrow(
			problem("insufficient_scope", "orders2"),
		);
	});

	it.each(publishers)("asks the hook about a %s only after the patterns said yes", async (_, publisher) => {
		const authorizePublish = vi.fn(() => false);
		const authority = authorityOf(env, { authorizePublish });
		await expect(authority.allowPublish(publisher, "news")).rejects.toThrow(problem("insufficient_scope"));
		expect(authorizePublish).not.toHaveBeenCalled();
		await expect(authority.allowPublish(publisher, "orders")).rejects.toThrow(problem("insufficient_scope"));
		expect(authorizePublish).toHaveBeenCalledExactlyOnceWith(publisher, "orders");
	});
});

describe("an authorisation hook", () => {
	it.each([
		["false", () => false],
		["a text", () => "true" as unknown as boolean],
	])("denies when it answers %s", async (_, answer) => {
		vi.spyOn(console, "error").mockImplementation(() => undefined);
		const authority = authorityOf(env, { authorizeSubscribe: answer, authorizePublish: answer });
		await expect(authority.allowSubscribe(userNamed("alice", ["orders"]), "orders")).rejects.toThrow(
			problem("insufficient_scope"),
		);
		await expect(authority.allowPublish({ kind: "key", id: "key:1", patterns: ["*"] }, "orders")).rejects.toThrow(
			problem("insufficient_scope"),
		);
	});

	it("widens nothing by what it does with whom it is asked about", async () => {
		const authorizeSubscribe = vi.fn((user: User) => {
			user.channels.push("payroll");
			user.claims.role = "admin";
			return true;
		});
		const authorizePublish = vi.fn((publisher: Publisher) => {
			(publisher.patterns as string[]).push("payroll");
			return true;
		});
		const authority = authorityOf(env, { authorizeSubscribe, authorizePublish });
		const alice = userNamed("alice", ["orders"]);
		const key: Publisher = { kind: "key", id: "key:1", patterns: ["orders"] };
		await authority.allowSubscribe(alice, "orders");
		await authority.allowPublish(key, "orders");
		expect(alice.claims).toEqual({ sub: "alice" });
		await expect(authority.allowSubscribe(alice, "payroll")).rejects.toThrow(problem("insufficient_scope"));
		await expect(authority.allowPublish(key, "payroll")).rejects.toThrow(problem("insufficient_scope"));
	});
});
