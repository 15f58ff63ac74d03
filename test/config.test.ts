import { describe, expect, it } from "vitest";
import { readConfig, readTokenConfig, type SettingsEnv } from "../src/config.ts";
import { Problem } from "../src/errors.ts";

const REQUIRED = {
	JWKS_URL: "https://id.example.com/.well-known/jwks.json",
	JWT_ISSUER: "https://id.example.com/",
	JWT_AUDIENCE: "tidings",
};
const KEY = "k".repeat(32);

/** The validated value of a setting. */
function setting(name: keyof SettingsEnv, value: string | number): unknown {
	return readTokenConfig({ ...REQUIRED, [name]: value })[name];
}

function refusal(env: SettingsEnv, read: (env: SettingsEnv) => unknown = readTokenConfig): Problem {
	try {
		read(env);
	} catch (error) {
		if (error instanceof Problem) return error;
		throw error;
	}
	throw new Error("The settings were accepted.");
}

describe("readTokenConfig", () => {
	it("uses the protocol's defaults", () => {
		expect(readTokenConfig({ ...REQUIRED })).toEqual({
			...REQUIRED,
			JWT_AUDIENCE: ["tidings"],
			JWT_ALGORITHMS: ["RS256", "ES256"],
			CHANNELS_CLAIM: "channels",
			DEFAULT_CHANNELS: ["user:{sub}", "public:*"],
			CONSOLE: "off",
			DELIVERY: "direct",
			HEARTBEAT_SECONDS: 25,
			RETRY_MILLISECONDS: 2000,
			REPLAY_EVENTS: 100,
			REPLAY_SECONDS: 86_400,
			MAX_EVENT_BYTES: 65_536,
			MAX_BACKLOG_BYTES: 1_048_576,
			MAX_SUBSCRIBERS: 1_000_000,
			CROWD_SIZE: 1000,
			MAX_CONNECTIONS_PER_USER: 20,
			MAX_CHANNELS_PER_USER: 1000,
		});
	});

	it.each(["JWKS_URL", "JWT_ISSUER", "JWT_AUDIENCE"] as const)("requires %s", (name) => {
		const { [name]: _left, ...env } = REQUIRED;
		const problem = refusal(env);
		expect(problem.code).toBe("misconfigured");
		expect(problem.detail).toMatch(new RegExp(`^The setting ${name} is not set\\. .*set all or none`));
	});

	it("treats an undefined setting as not set", () => {
		const env = { ...REQUIRED, JWT_ISSUER: undefined, HEARTBEAT_SECONDS: undefined } as unknown as SettingsEnv;
		expect(refusal(env).detail).toContain("The setting JWT_ISSUER is not set.");
	});

	it.each([
		...Object.keys(readTokenConfig({ ...REQUIRED })),
		"CORS_ORIGINS",
		"PUBLISH_KEYS",
		"TICKET_SECRET",
		"CHANNEL_RULES",
	])("refuses an empty %s instead of using its default", (name) => {
		for (const empty of ["", " "]) {
			const problem = refusal({ ...REQUIRED, [name]: empty });
			expect(problem.code).toBe("misconfigured");
			expect(problem.detail).toContain(`The setting ${name} `);
		}
	});

	it("ignores everything else in a Worker's environment", () => {
		const env = { ...REQUIRED, CHANNEL: { getByName: () => undefined }, HEARTBEAT: "soon" } as unknown as SettingsEnv;
		expect(readTokenConfig(env)).not.toHaveProperty("CHANNEL");
	});

	it("validates an environment once", () => {
		const env: SettingsEnv = { ...REQUIRED };
		expect(readTokenConfig(env)).toBe(readTokenConfig(env));
		expect(readTokenConfig(env)).not.toBe(readTokenConfig({ ...REQUIRED }));
	});

	it("refuses a malformed environment every time", () => {
		const env: SettingsEnv = {};
		expect(refusal(env).code).toBe("misconfigured");
		expect(refusal(env).code).toBe("misconfigured");
	});

	it("ignores white space around a setting", () => {
		expect(setting("JWT_ISSUER", " https://id.example.com/\n")).toBe("https://id.example.com/");
	});
});

describe("readConfig", () => {
	it("needs no identity provider", () => {
		expect(readConfig({})).toMatchObject({ HEARTBEAT_SECONDS: 25 });
	});

	it("ignores the identity provider's settings", () => {
		expect(readConfig({ JWKS_URL: "not a url" })).not.toHaveProperty("JWKS_URL");
	});

	it("refuses a malformed setting", () => {
		expect(refusal({ REPLAY_EVENTS: "many" }, readConfig).detail).toMatch(
			/^The setting REPLAY_EVENTS must be a whole number from 1 to 100000\. /,
		);
	});

	it("does not share its cache with the other reader", () => {
		const env: SettingsEnv = { ...REQUIRED };
		readTokenConfig(env);
		expect(readConfig(env)).not.toHaveProperty("JWKS_URL");
		const other: SettingsEnv = {};
		readConfig(other);
		expect(refusal(other, readTokenConfig).code).toBe("misconfigured");
	});
});

describe("a whole number", () => {
	it.each([
		["HEARTBEAT_SECONDS", 1, 300],
		["RETRY_MILLISECONDS", 0, 3_600_000],
		["REPLAY_EVENTS", 1, 100_000],
		["REPLAY_SECONDS", 1, 31_536_000],
		["MAX_EVENT_BYTES", 1, 1_048_576],
		["MAX_BACKLOG_BYTES", 1024, 67_108_864],
		["MAX_SUBSCRIBERS", 1, 1_000_000],
		["CROWD_SIZE", 1, 1_000_000],
		["MAX_CONNECTIONS_PER_USER", 1, 1_000_000],
	] as const)("such as %s can be from %i to %i", (name, min, max) => {
		expect(setting(name, min)).toBe(min);
		expect(setting(name, String(max))).toBe(max);
		expect(refusal({ ...REQUIRED, [name]: min - 1 }).detail).toContain(`${name} must be a whole number from ${min}`);
		expect(refusal({ ...REQUIRED, [name]: max + 1 }).detail).toContain(`${name} must be a whole number`);
	});

	it.each(["25.5", "-1", "+25", "1e2", "0x19", " 25", "25s", "٢٥", "NaN", "Infinity", "null", "true", "25\n"])(
		"is not %j",
		(value) => {
			expect(refusal({ ...REQUIRED, HEARTBEAT_SECONDS: value }).detail).toContain("HEARTBEAT_SECONDS must be");
		},
	);

	it.each([25.5, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e21])("is not the number %d", (value) => {
		expect(refusal({ ...REQUIRED, HEARTBEAT_SECONDS: value }).detail).toContain("HEARTBEAT_SECONDS must be");
	});
});

describe("JWKS_URL", () => {
	it.each([
		"https://id.example.com/jwks",
		"https://id.example.com:8443/jwks?x=1",
		"http://localhost:8788/jwks",
		"http://127.0.0.1/jwks",
		"http://[::1]:8788/jwks",
	])("can be %s", (url) => {
		expect(setting("JWKS_URL", url)).toBe(url);
	});

	it.each([
		"http://id.example.com/jwks",
		"http://localhost.example.com/jwks",
		"http://127.0.0.1.example.com/jwks",
		"http://localhost@example.com/jwks",
		"ftp://localhost/jwks",
		"file:///etc/passwd",
		"data:application/json,{}",
		"id.example.com/jwks",
		"/jwks",
	])("cannot be %s", (url) => {
		expect(refusal({ ...REQUIRED, JWKS_URL: url }).detail).toContain("JWKS_URL must be an https URL");
	});
});

describe("JWT_ALGORITHMS", () => {
	it.each([
		["ES256", ["ES256"]],
		["RS256,PS256", ["RS256", "PS256"]],
		[" EdDSA,  ES512 ", ["EdDSA", "ES512"]],
	])("%j is a list", (value, list) => {
		expect(setting("JWT_ALGORITHMS", value)).toEqual(list);
	});

	it.each([
		"HS256",
		"HS384",
		"HS512",
		"none",
		"NONE",
		"RS256 HS256",
		"RS256,none",
		"es256",
		"RS1",
		"dir",
		"RS256;ES256",
	])("cannot be %s", (value) => {
		expect(refusal({ ...REQUIRED, JWT_ALGORITHMS: value }).detail).toContain(
			"JWT_ALGORITHMS must list asymmetric algorithms",
		);
	});

	it("cannot be an empty list", () => {
		expect(refusal({ ...REQUIRED, JWT_ALGORITHMS: "," }).code).toBe("misconfigured");
	});
});

describe("DEFAULT_CHANNELS", () => {
	it.each([
		["orders", ["orders"]],
		["chat:* news", ["chat:*", "news"]],
		["*", ["*"]],
		["user:{sub},team:{sub}", ["user:{sub}", "team:{sub}"]],
		["room:{sub}:in room:{sub}:out", ["room:{sub}:in", "room:{sub}:out"]],
		["pair:{sub}:{sub} user:{sub} user:{sub}", ["pair:{sub}:{sub}", "user:{sub}", "user:{sub}"]],
		["team:{sub} team:lobby team:*", ["team:{sub}", "team:lobby", "team:*"]],
	])("can be %j", (value, list) => {
		expect(setting("DEFAULT_CHANNELS", value)).toEqual(list);
	});

	it.each(["*:chat", "a/b", "user:{name}", "user:{sub", "chat:**", "é", `x${"y".repeat(128)}`])(
		"cannot be %j",
		(value) => {
			expect(refusal({ ...REQUIRED, DEFAULT_CHANNELS: value }).detail).toContain(
				"DEFAULT_CHANNELS must list channel names",
			);
		},
	);

	it.each(["user:{sub}:*", "room:{sub}:*", "x{sub}*", "{sub}*", "news room:{sub}.*"])(
		"cannot be %j, which would grant alice the channels of `alice:1`",
		(value) => {
			expect(refusal({ ...REQUIRED, DEFAULT_CHANNELS: value }).detail).toContain("must not combine `{sub}` and `*`");
		},
	);

	it.each([
		"{sub}",
		"u{sub}",
		"user:{sub}:inbox",
		"user:vip:{sub}",
		"user:{sub}{sub}",
		"room:{sub} room:{sub}:vip",
		"room:{sub} room:vip:{sub}",
		"room:{sub}:a room:b:{sub}:a",
		"room:{sub}:a news room:{sub}:{sub}:a",
		"room:{sub}:b:{sub}:c room:{sub}:c",
	])("cannot be %j, which could give two subjects the same channel", (value) => {
		expect(refusal({ ...REQUIRED, DEFAULT_CHANNELS: value }).detail).toContain("must keep subjects apart");
	});
});

describe("CORS_ORIGINS", () => {
	it.each([
		["*", ["*"]],
		["https://example.com", ["https://example.com"]],
		["https://*.example.com, capacitor://localhost", ["https://*.example.com", "capacitor://localhost"]],
		["https://a.example http://localhost:3000", ["https://a.example", "http://localhost:3000"]],
	])("can be %j", (value, list) => {
		expect(setting("CORS_ORIGINS", value)).toEqual(list);
	});

	it.each([
		"https://example.com/",
		"https://example.com/app",
		"https://example.com:443",
		"https://EXAMPLE.com",
		"example.com",
		"https://*.example.com/",
		",",
		"* https://example.com",
		"https://example.com *",
		"null",
	])("cannot be %j", (value) => {
		expect(refusal({ ...REQUIRED, CORS_ORIGINS: value }).detail).toContain("The setting CORS_ORIGINS must ");
	});
});

describe("JWT_AUDIENCE", () => {
	it("is one audience, or a list", () => {
		expect(setting("JWT_AUDIENCE", "https://api.example.com")).toEqual(["https://api.example.com"]);
		expect(setting("JWT_AUDIENCE", "web, mobile\ttv")).toEqual(["web", "mobile", "tv"]);
		expect(refusal({ ...REQUIRED, JWT_AUDIENCE: " , " }).detail).toContain("must list at least one audience");
	});
});

describe.each(["JWT_ISSUER", "CHANNELS_CLAIM"] as const)("%s", (name) => {
	it.each(["one two", "one, two", "one,two", "one\ntwo"])("cannot be a list: %j could never match", (value) => {
		const { detail } = refusal({ ...REQUIRED, [name]: value });
		expect(detail).toContain(`The setting ${name} must be one value, without spaces or commas.`);
	});
});

describe("JWT_TYPES", () => {
	it("is a list of types, and undefined by default", () => {
		expect(setting("JWT_TYPES", "at+jwt, application/at+jwt acme.access")).toEqual([
			"at+jwt",
			"application/at+jwt",
			"acme.access",
		]);
		expect(readTokenConfig({ ...REQUIRED }).JWT_TYPES).toBeUndefined();
	});

	it.each(["at+jwt; v=1", "at jwt=2", "*", '"at+jwt"', "é", ","])("refuses %j", (value) => {
		const { detail } = refusal({ ...REQUIRED, JWT_TYPES: value });
		expect(detail).toContain("The setting JWT_TYPES must list token types, such as `at+jwt`.");
	});
});

describe("PUBLISH_KEYS", () => {
	it("can be one key for all channels", () => {
		expect(setting("PUBLISH_KEYS", KEY)).toEqual([{ key: KEY, patterns: ["*"] }]);
	});

	it("can be several keys, each with its patterns", () => {
		const other = `${"A-z_9".repeat(7)}`;
		expect(setting("PUBLISH_KEYS", `\n${KEY}=orders,chat:*\n\t${other} ${KEY}2=*\n`)).toEqual([
			{ key: KEY, patterns: ["orders", "chat:*"] },
			{ key: other, patterns: ["*"] },
			{ key: `${KEY}2`, patterns: ["*"] },
		]);
	});

	it.each([
		["is too short", "k".repeat(31)],
		["contains another character", `${KEY}!`],
		["has an equals sign and no pattern", `${KEY}=`],
		["has an empty pattern", `${KEY}=orders,`],
		["has a malformed pattern", `${KEY}=*:chat`],
		["has a placeholder for the subject", `${KEY}=user:{sub}`],
		["has two lists of patterns", `${KEY}=orders=chat:*`],
		["is separated from another by a comma", `${KEY},${KEY}`],
		["is malformed among valid ones", `${KEY} short ${KEY}`],
	])("refuses a key that %s, without leaking it", (_, value) => {
		const { detail } = refusal({ ...REQUIRED, PUBLISH_KEYS: value });
		expect(detail).toContain("The setting PUBLISH_KEYS must list keys");
		expect(detail).not.toContain(value.slice(0, 20));
	});
});

describe("TICKET_SECRET", () => {
	it("has 32 or more characters", () => {
		expect(setting("TICKET_SECRET", KEY)).toEqual([KEY]);
	});

	it("is refused when it is shorter, without leaking it", () => {
		const { detail } = refusal({ ...REQUIRED, TICKET_SECRET: "hunter2".repeat(4) });
		expect(detail).toContain("The setting TICKET_SECRET must have 32 or more characters.");
		expect(detail).not.toContain("hunter2");
	});

	it("can be two secrets, separated by white space", () => {
		expect(setting("TICKET_SECRET", `\n${KEY}1 \t${KEY}2,\n`)).toEqual([`${KEY}1`, `${KEY}2,`]);
	});

	it.each([`${KEY} short`, `short ${KEY}`, `${"k".repeat(20)} ${"k".repeat(20)}`, `${KEY} ${KEY} ${KEY}`])(
		"is refused when one of two is too short, or when there are three: %j",
		(value) => {
			const { detail } = refusal({ ...REQUIRED, TICKET_SECRET: value });
			expect(detail).toContain(
				"The setting TICKET_SECRET must have 32 or more characters. To rotate it, list two secrets",
			);
			expect(detail).not.toContain("kkk");
		},
	);

	it("does not count surrounding white space", () => {
		expect(refusal({ ...REQUIRED, TICKET_SECRET: ` ${"k".repeat(31)} ` }).code).toBe("misconfigured");
	});
});

describe("CHANNEL_RULES", () => {
	const RULES = [
		{ match: "status:*", delivery: "hibernate", presence: "count", anonymous: true },
		{ match: "*", replayEvents: 100_000, replaySeconds: 31_536_000, maxEventBytes: 1 },
	] as const;

	function rulesFrom(value: unknown): unknown {
		return readTokenConfig({ ...REQUIRED, CHANNEL_RULES: value as string }).CHANNEL_RULES;
	}

	function refused(value: unknown): string {
		return refusal({ ...REQUIRED, CHANNEL_RULES: value as string }).detail;
	}

	it("is JSON, or a list of tables in wrangler.toml", () => {
		expect(rulesFrom(JSON.stringify(RULES))).toEqual(RULES);
		expect(rulesFrom(RULES)).toEqual(RULES);
		expect(rulesFrom("[]")).toEqual([]);
	});

	it.each([
		[{ match: "a", replayEvents: 0 }, "`replayEvents` must be a whole number from 1 to 100000"],
		[{ match: "a", replayEvents: 100_001 }, "`replayEvents` must be a whole number from 1 to 100000"],
		[{ match: "a", replayEvents: 1.5 }, "`replayEvents` must be a whole number"],
		[{ match: "a", replaySeconds: 31_536_001 }, "`replaySeconds` must be a whole number from 1 to 31536000"],
		[{ match: "a", maxEventBytes: "many" }, "`maxEventBytes` must be a whole number from 1 to 1048576"],
		[{ match: "a", maxSubscribers: null }, "`maxSubscribers` must be a whole number"],
		[{ match: "a", crowdSize: 0 }, "`crowdSize` must be a whole number from 1 to 1000000"],
		[{ match: "a", maxConnectionsPerUser: [5] }, "`maxConnectionsPerUser` must be a whole number"],
		[{ match: "a", delivery: "sometimes" }, "`delivery` must be `direct` or `hibernate`"],
		[{ match: "a", presence: true }, "`presence` must be `on`, `off` or `count`"],
		[{ match: "a", anonymous: "yes" }, "`anonymous` must be true or false"],
		[{ replayEvents: 5 }, "`match` is missing: it must be a channel name, a prefix such as `chat:*`, or `*`"],
		[{ match: "chat:*:1" }, "`match` must be a channel name, a prefix such as `chat:*`, or `*`"],
		[{ match: "user:{sub}" }, "`match` must be a channel name"],
		[{ match: ["a"] }, "`match` must be a channel name"],
		[{ match: "" }, "`match` must be a channel name"],
		[{ match: "a", replayevents: 5 }, "it has a field `replayevents` that no rule has; these are match, delivery,"],
		[JSON.parse('{"match":"a","__proto__":{"anonymous":true}}'), "it has a field `__proto__` that no rule has"],
		["chat:*", "it must be an object, such as"],
		[["chat:*"], "it must be an object, such as"],
		[null, "it must be an object, such as"],
	])("names the rule, from 1, and the field: %j", (rule, problem) => {
		for (const value of [[{ match: "b" }, rule], JSON.stringify([{ match: "b" }, rule])]) {
			const detail = refused(value);
			expect(detail).toContain(`The setting CHANNEL_RULES is wrong in rule 2: ${problem}`);
			expect(detail).toMatch(/Correct it in wrangler\.toml, or with `wrangler secret put`, and deploy again\.$/);
		}
	});

	it.each([
		["[{]", "is not JSON"],
		["chat:*", "is not JSON"],
		['{"match":"a"}', "must be a list of rules"],
		[{ match: "a" }, "must be a list of rules"],
		["7", "must be a list of rules"],
		["null", "must be a list of rules"],
		[true, "must be a list of rules"],
	])("refuses what is no list of rules: %j", (value, problem) => {
		expect(refused(value)).toContain(`The setting CHANNEL_RULES ${problem}`);
	});

	it("holds no more than 100 rules", () => {
		const rules = (count: number) => Array.from({ length: count }, (_, index) => ({ match: `channel-${index}` }));
		expect(rulesFrom(rules(100))).toHaveLength(100);
		expect(refused(rules(101))).toContain("The setting CHANNEL_RULES has more than 100 rules");
	});

	it("refuses hostile JSON in little time", () => {
		const started = performance.now();
		expect(refused(`${"[".repeat(200_000)}${"]".repeat(200_000)}`)).toContain("rule 1: it must be an object");
		expect(refused(JSON.stringify(Array(100_000).fill({ match: "*" })))).toContain("has more than 100 rules");
		expect(refused(`[{"match":"${"a*".repeat(100_000)}"}]`)).toContain("rule 1: `match` must be a channel name");
		expect(performance.now() - started).toBeLessThan(2000);
	});

	it("comes before the rules of the code", () => {
		const env: SettingsEnv = { ...REQUIRED, CHANNEL_RULES: '[{"match":"chat:1"}]' };
		const channelRules = [{ match: "chat:*" }, { match: "*" }];
		const matches = readTokenConfig(env, { channelRules }).CHANNEL_RULES?.map(({ match }) => match);
		expect(matches).toEqual(["chat:1", "chat:*", "*"]);
		expect(readTokenConfig(env).CHANNEL_RULES).toHaveLength(1);
	});

	it("may cover rules of the code, whose own mistakes are named", () => {
		const env: SettingsEnv = { ...REQUIRED, CHANNEL_RULES: [{ match: "*" }] };
		expect(readTokenConfig(env, { channelRules: [{ match: "chat:*" }] }).CHANNEL_RULES).toHaveLength(2);
		const channelRules = [{ match: "chat:*" }, { match: "a b" }];
		const { code, detail } = refusal(env, (settings) => readTokenConfig(settings, { channelRules }));
		expect(code).toBe("misconfigured");
		expect(detail).toContain("The option channelRules of createTidings is wrong in rule 2: `match` must be a channel");
	});
});
