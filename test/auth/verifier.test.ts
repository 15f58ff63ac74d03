import {
	CompactSign,
	exportJWK,
	generateKeyPair,
	type JWK,
	type JWTHeaderParameters,
	type JWTPayload,
	SignJWT,
} from "jose";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { verifyToken } from "../../src/auth/verifier.ts";
import { readTokenConfig, type SettingsEnv, type TokenConfig } from "../../src/config.ts";
import { advanceClock } from "../support/clock.ts";
import { TestIssuer } from "../support/issuer.ts";
import { WeakKey } from "../support/weak-key.ts";

const ISSUER = "http://localhost:8788";
const now = Math.floor(Date.now() / 1000);

/** Answers by URL. Each test serves its keys from its own URL, since key sets are cached by URL. */
const answers = new Map<string, () => Response | Promise<Response>>();
let requests = 0;

beforeAll(() => {
	vi.stubGlobal("fetch", async (input: RequestInfo | URL) => {
		const { url } = new Request(input);
		const answer = answers.get(url);
		if (!answer) throw new TypeError(`nothing answers at ${url}`);
		requests += 1;
		return await answer();
	});
});

afterAll(() => {
	vi.unstubAllGlobals();
});

/** Settings for an identity provider with its own URL. */
function configFor(answer: () => Response | Promise<Response>, settings: SettingsEnv = {}): TokenConfig {
	const url = `https://keys-${answers.size}.test/jwks.json`;
	answers.set(url, answer);
	return readTokenConfig({ JWKS_URL: url, JWT_ISSUER: ISSUER, JWT_AUDIENCE: "tidings", ...settings });
}

function publishing(...keys: JWK[]): () => Response {
	return () => Response.json({ keys });
}

interface SigningKey {
	pair: CryptoKeyPair;
	jwk: JWK;
}

async function makeKey(alg = "ES256", extra: JWK = { kid: "key-1" }): Promise<SigningKey> {
	const pair = await generateKeyPair(alg, { extractable: true });
	return { pair, jwk: { ...(await exportJWK(pair.publicKey)), alg, ...extra } };
}

type Claims = { [Name in keyof JWTPayload]: unknown };

/** Signs the standard claims with some overridden; `undefined` removes one. */
async function sign(key: SigningKey, claims: Claims = {}, header: Partial<JWTHeaderParameters> = {}): Promise<string> {
	const standard = { iss: ISSUER, aud: "tidings", sub: "alice", iat: now, exp: now + 3600 };
	const { alg = "ES256", kid } = key.jwk;
	return await new SignJWT({ ...standard, ...claims } as JWTPayload)
		.setProtectedHeader({ alg, ...(kid !== undefined && { kid }), ...header })
		.sign(key.pair.privateKey);
}

/** Signs an arbitrary payload. */
async function signText({ pair }: SigningKey, payload: string): Promise<string> {
	const head = encode({ alg: "ES256", kid: "key-1" });
	const body = btoa(payload).replaceAll("=", "");
	const signature = await crypto.subtle.sign(
		{ name: "ECDSA", hash: "SHA-256" },
		pair.privateKey,
		new TextEncoder().encode(`${head}.${body}`),
	);
	return `${head}.${body}.${new Uint8Array(signature).toBase64({ alphabet: "base64url", omitPadding: true })}`;
}

function encode(value: unknown): string {
	return btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function problem(code: string, detail: string | RegExp = /./) {
	return expect.objectContaining({ name: "Problem", code, detail: expect.stringMatching(detail) });
}

let key: SigningKey;
let config: TokenConfig;

beforeAll(async () => {
	key = await makeKey();
	config = configFor(publishing(key.jwk));
});

describe("verifyToken: a good token", () => {
	it("yields the user and their grants", async () => {
		const token = await sign(key, { channels: ["orders", "chat:*"], publish: ["chat:*"], role: "admin" });
		expect(await verifyToken(token, config)).toEqual({
			sub: "alice",
			claims: { sub: "alice", role: "admin" },
			channels: ["orders", "chat:*", "user:alice", "public:*"],
			publish: ["chat:*"],
			issuedAt: now - 60,
			expires: now + 3600,
		});
	});

	it("counts as issued a minute before its `iat`, to tolerate clock skew", async () => {
		for (const ahead of [-3600, 0, 1, 55]) {
			const { issuedAt } = await verifyToken(await sign(key, { iat: now + ahead + 0.5 }), config);
			expect(issuedAt).toBe(now + ahead - 60);
		}
	});

	it("excludes grants from the user's claims, whatever claim holds them", async () => {
		const grants = { groups: ["orders"], publish: ["chat:*"], channels: "mine" };
		const named = configFor(publishing(key.jwk), { CHANNELS_CLAIM: "groups" });
		const user = await verifyToken(await sign(key, grants), named);
		expect(user).toMatchObject({ claims: { sub: "alice", channels: "mine" }, publish: ["chat:*"] });
		expect(user.claims).not.toHaveProperty("groups");
		for (const claim of ["sub", "publish", "iat", "exp"]) {
			const odd = configFor(publishing(key.jwk), { CHANNELS_CLAIM: claim });
			expect(await verifyToken(await sign(key, { publish: ["chat:*"] }), odd)).toMatchObject({
				sub: "alice",
				claims: { sub: "alice" },
				publish: ["chat:*"],
			});
		}
	});

	it("excludes numbers that JSON has rounded: they could match other numbers", async () => {
		const rest =
			'"aud":"tidings","sub":"alice","tenant":738529527931269425,"none":1e400,"teams":[7,9007199254740992,-1e400]';
		const payload = `{"iss":"${ISSUER}","exp":${now + 3600},${rest},"safe":9007199254740991,"half":0.5}`;
		const body = new TextEncoder().encode(payload);
		const token = await new CompactSign(body)
			.setProtectedHeader({ alg: "ES256", kid: "key-1" })
			.sign(key.pair.privateKey);
		expect((await verifyToken(token, config)).claims).toEqual({
			sub: "alice",
			teams: [7],
			safe: Number.MAX_SAFE_INTEGER,
			half: 0.5,
		});
	});

	it("grants the default channels and no publishing when it names none", async () => {
		const user = await verifyToken(await sign(key, { sub: "auth0|1" }), config);
		expect(user.channels).toEqual(["user:auth0~7C1", "public:*"]);
		expect(user.publish).toEqual([]);
	});

	it.each(["orders", { orders: true }, 7, true, null])(
		"grants nothing with a claim that is not a list: %j",
		async (channels) => {
			const user = await verifyToken(await sign(key, { channels, publish: channels }), config);
			expect(user.channels).toEqual(["user:alice", "public:*"]);
			expect(user.publish).toEqual([]);
		},
	);

	it("ignores grants that are not strings", async () => {
		const user = await verifyToken(await sign(key, { channels: ["orders", 7, null, ["*"], { a: 1 }] }), config);
		expect(user.channels).toEqual(["orders", "user:alice", "public:*"]);
	});

	it("does not replace `{sub}` in grants of the token itself", async () => {
		const user = await verifyToken(await sign(key, { channels: ["team:{sub}"] }), config);
		expect(user.channels).toContain("team:{sub}");
	});

	it("grants what the claim named in the settings lists", async () => {
		const { jwk } = key;
		const named = configFor(publishing(jwk), { CHANNELS_CLAIM: "https://example.com/channels" });
		const token = await sign(key, { channels: ["orders"], "https://example.com/channels": ["news"] });
		expect((await verifyToken(token, named)).channels).toEqual(["news", "user:alice", "public:*"]);
	});

	it.each(["__proto__", "constructor", "toString"])(
		"grants nothing with the claim %s, which every object inherits",
		async (claim) => {
			const named = configFor(publishing(key.jwk), { CHANNELS_CLAIM: claim, DEFAULT_CHANNELS: "public:*" });
			expect((await verifyToken(await sign(key), named)).channels).toEqual(["public:*"]);
		},
	);

	it("can name several audiences", async () => {
		const token = await sign(key, { aud: ["other", "tidings"] });
		await expect(verifyToken(token, config)).resolves.toMatchObject({ sub: "alice" });
	});

	it("can be for any audience that the settings list", async () => {
		const named = configFor(publishing(key.jwk), { JWT_AUDIENCE: "web, mobile" });
		for (const aud of ["web", "mobile", ["tv", "mobile"]]) {
			await expect(verifyToken(await sign(key, { aud }), named)).resolves.toMatchObject({ sub: "alice" });
		}
		for (const aud of ["web, mobile", "tidings", ["tv"]]) {
			await expect(verifyToken(await sign(key, { aud }), named)).rejects.toThrow(
				problem("invalid_token", "`aud`.*JWT_AUDIENCE"),
			);
		}
	});

	it("has no time of issue when it has no `iat`", async () => {
		expect((await verifyToken(await sign(key, { iat: undefined }), config)).issuedAt).toBeUndefined();
	});

	it.each(["é😀", "a b", "**", "\ufffd", "\0", "__proto__", "0"])("can be for the subject %j", async (sub) => {
		expect((await verifyToken(await sign(key, { sub }), config)).sub).toBe(sub);
	});

	it.each(["RS256", "ES256"])("can be signed with %s", async (alg) => {
		const other = await makeKey(alg);
		await expect(verifyToken(await sign(other), configFor(publishing(other.jwk)))).resolves.toMatchObject({
			sub: "alice",
		});
	});

	it.each(["PS256", "ES384", "EdDSA", "Ed25519"])(
		"can be signed with %s only when the settings allow it",
		async (alg) => {
			const other = await makeKey(alg);
			const token = await sign(other);
			const named = configFor(publishing(other.jwk), { JWT_ALGORITHMS: alg });
			await expect(verifyToken(token, named)).resolves.toMatchObject({ sub: "alice" });
			await expect(verifyToken(token, configFor(publishing(other.jwk)))).rejects.toThrow(
				problem("invalid_token", "JWT_ALGORITHMS"),
			);
		},
	);
});

describe("verifyToken: times", () => {
	it("accepts a token that expired less than 60 s ago", async () => {
		const token = await sign(key, { exp: Math.floor(Date.now() / 1000) - 55 });
		await expect(verifyToken(token, config)).resolves.toMatchObject({ sub: "alice" });
	});

	it("refuses a token that expired 60 s ago or more", async () => {
		for (const ago of [60, 61, 3600]) {
			const token = await sign(key, { exp: Math.floor(Date.now() / 1000) - ago });
			await expect(verifyToken(token, config), `${ago} s`).rejects.toThrow(problem("token_expired"));
		}
	});

	it("accepts a token that becomes valid within 60 s", async () => {
		const token = await sign(key, { nbf: Math.floor(Date.now() / 1000) + 55 });
		await expect(verifyToken(token, config)).resolves.toMatchObject({ sub: "alice" });
	});

	it("refuses a token that becomes valid later", async () => {
		const token = await sign(key, { nbf: Math.floor(Date.now() / 1000) + 90 });
		await expect(verifyToken(token, config)).rejects.toThrow(problem("invalid_token", "`nbf`"));
	});

	it("rounds times down to whole seconds", async () => {
		const user = await verifyToken(await sign(key, { exp: now + 3600.75, nbf: now - 0.5 }), config);
		expect(user.expires).toBe(now + 3600);
	});

	it("refuses a token that expired in 1970 or before", async () => {
		for (const exp of [0, -1, -1e308])
			await expect(verifyToken(await sign(key, { exp }), config), `${exp}`).rejects.toThrow(problem("token_expired"));
	});

	it("refuses an `exp` that is too large for a number", async () => {
		const token = await signText(key, `{"iss":"${ISSUER}","aud":"tidings","sub":"alice","exp":1e400}`);
		await expect(verifyToken(token, config)).rejects.toThrow(problem("invalid_token", "`exp`"));
	});

	it("accepts a token that lives for a thousand years", async () => {
		const exp = now + 1000 * 31_556_952;
		expect((await verifyToken(await sign(key, { exp }), config)).expires).toBe(exp);
	});

	it("reports an expired token with a bad signature as invalid, not as expired", async () => {
		const forged = await makeKey();
		const token = await sign(forged, { exp: now - 3600 });
		await expect(verifyToken(token, config)).rejects.toThrow(problem("invalid_token"));
	});
});

describe("verifyToken: claims", () => {
	it.each([
		["no exp", { exp: undefined }, "required claim `exp`"],
		["no sub", { sub: undefined }, "required claim `sub`"],
		["no iss", { iss: undefined }, "required claim `iss`"],
		["no aud", { aud: undefined }, "required claim `aud`"],
		["another iss", { iss: "https://evil.example" }, "`iss`.*JWT_ISSUER"],
		["an iss that only starts with the right one", { iss: `${ISSUER}/` }, "`iss`.*JWT_ISSUER"],
		["a list of iss", { iss: [ISSUER] }, "`iss`.*JWT_ISSUER"],
		["another aud", { aud: "another" }, "`aud`.*JWT_AUDIENCE"],
		["an aud that only starts with the right one", { aud: "tidings2" }, "`aud`.*JWT_AUDIENCE"],
		["other auds", { aud: ["another", "third"] }, "`aud`.*JWT_AUDIENCE"],
		["an empty list of aud", { aud: [] }, "`aud`.*JWT_AUDIENCE"],
		["an empty sub", { sub: "" }, "`sub`"],
		["a number for a sub", { sub: 7 }, "`sub`"],
		["null for a sub", { sub: null }, "`sub`"],
		["a list for a sub", { sub: ["alice"] }, "`sub`"],
		["`*` for a sub, which means everyone", { sub: "*" }, "`sub`"],
		["half a surrogate pair for a sub", { sub: "\ud800" }, "`sub`"],
		["a lone surrogate in its sub", { sub: "alice\udc00" }, "`sub`"],
		["surrogates in the wrong order in its sub", { sub: "\udc00\ud800" }, "`sub`"],
		["a string for an exp", { exp: `${now + 3600}` }, "`exp`"],
		["null for an exp", { exp: null }, "`exp`"],
		["an exp in milliseconds", { exp: (now + 3600) * 1000 }, "`exp` must be a time in Unix seconds, not milliseconds"],
		["an exp beyond all dates", { exp: 1e308 }, "`exp` must be a time in Unix seconds"],
		["an exp beyond all milliseconds", { exp: 8.64e12 + 1 }, "`exp` must be a time in Unix seconds"],
		["an exp that is the largest whole number", { exp: Number.MAX_SAFE_INTEGER }, "`exp` must be a time"],
		["an nbf in milliseconds", { nbf: now * 1000 }, "`nbf`"],
		["an nbf beyond all dates", { nbf: 1e308 }, "`nbf`"],
		["a string for an nbf", { nbf: "now" }, "`nbf`"],
		["a string for an iat", { iat: "now" }, "`iat`"],
		["null for an iat", { iat: null }, "`iat`"],
		["an iat in milliseconds", { iat: Date.now() }, "`iat`.*Unix seconds"],
		["an iat two minutes ahead", { iat: now + 120 }, "`iat`.*future"],
		["an iat an hour ahead", { iat: now + 3600 }, "`iat`.*future"],
		["an iat in nanoseconds", { iat: now * 1e9 }, "`iat`.*Unix seconds"],
		["an iat before 1970", { iat: -1 }, "`iat`.*Unix seconds"],
	] as [string, Claims, string][])("refuses a token with %s", async (_, claims, detail) => {
		await expect(verifyToken(await sign(key, claims), config)).rejects.toThrow(
			problem("invalid_token", new RegExp(detail)),
		);
	});
});

describe("verifyToken: signatures", () => {
	it("refuses a token that was signed with another key under the same name", async () => {
		const other = await makeKey();
		await expect(verifyToken(await sign(other), config)).rejects.toThrow(problem("invalid_token", "signature"));
	});

	it("refuses a token whose claims were changed", async () => {
		const [head, , signature] = (await sign(key)).split(".");
		const claims = encode({ iss: ISSUER, aud: "tidings", sub: "bob", exp: now + 3600 });
		await expect(verifyToken(`${head}.${claims}.${signature}`, config)).rejects.toThrow(problem("invalid_token"));
	});

	it.each(["none", "None", "NONE", "nOnE"])("refuses the algorithm %s before any key is looked up", async (alg) => {
		const claims = encode({ iss: ISSUER, aud: "tidings", sub: "alice", exp: now + 3600 });
		const before = requests;
		const fresh = configFor(publishing(key.jwk));
		for (const token of [`${encode({ alg })}.${claims}.`, `${encode({ alg, kid: "key-1" })}.${claims}.AAAA`]) {
			await expect(verifyToken(token, fresh)).rejects.toThrow(problem("invalid_token"));
		}
		expect(requests).toBe(before);
	});

	it.each(["HS256", "HS384", "HS512"])(
		"refuses %s with the public key as the secret, before any key is looked up",
		async (alg) => {
			const before = requests;
			const fresh = configFor(publishing(key.jwk));
			const secrets = [JSON.stringify(key.jwk), key.jwk.x ?? "", `${key.jwk.x}`.repeat(3)];
			for (const secret of secrets) {
				const token = await new SignJWT({ iss: ISSUER, aud: "tidings", sub: "alice", exp: now + 3600 })
					.setProtectedHeader({ alg, kid: "key-1" })
					.sign(new TextEncoder().encode(secret.padEnd(64, "x")));
				await expect(verifyToken(token, fresh)).rejects.toThrow(problem("invalid_token", "JWT_ALGORITHMS"));
			}
			expect(requests).toBe(before);
		},
	);

	it("refuses HS256 even when the key set contains the secret", async () => {
		const secret = crypto.getRandomValues(new Uint8Array(32));
		const jwk = { ...(await exportJWK(secret)), kid: "key-1", alg: "HS256" };
		const token = await new SignJWT({ iss: ISSUER, aud: "tidings", sub: "alice", exp: now + 3600 })
			.setProtectedHeader({ alg: "HS256", kid: "key-1" })
			.sign(secret);
		await expect(verifyToken(token, configFor(publishing(jwk)))).rejects.toThrow(problem("invalid_token"));
	});

	it("does not take a key from the token itself", async () => {
		const own = await makeKey();
		for (const header of [
			{ jwk: own.jwk },
			{ jku: "https://evil.example/jwks" },
			{ x5u: "https://evil.example/x5u" },
		]) {
			const token = await sign(own, {}, header as Partial<JWTHeaderParameters>);
			await expect(verifyToken(token, config)).rejects.toThrow(problem("invalid_token"));
		}
	});

	it("refuses a token with an unknown critical extension", async () => {
		const header = encode({ alg: "ES256", kid: "key-1", crit: ["b64"], b64: false });
		const [, claims, signature] = (await sign(key)).split(".");
		await expect(verifyToken(`${header}.${claims}.${signature}`, config)).rejects.toThrow(problem("invalid_token"));
	});

	it("refuses a key that the identity provider does not publish", async () => {
		const token = await sign(key, {}, { kid: "key-2" });
		await expect(verifyToken(token, configFor(publishing(key.jwk)))).rejects.toThrow(
			problem("invalid_token", "does not publish"),
		);
	});

	it("refuses a key that is meant for encryption", async () => {
		const other = await makeKey("ES256", { kid: "key-1", use: "enc" });
		await expect(verifyToken(await sign(other), configFor(publishing(other.jwk)))).rejects.toThrow(
			problem("invalid_token"),
		);
	});

	it("accepts a token without a `kid` when there is only one key", async () => {
		const other = await makeKey("ES256", {});
		await expect(verifyToken(await sign(other), configFor(publishing(other.jwk)))).resolves.toMatchObject({
			sub: "alice",
		});
		const named = configFor(publishing({ ...other.jwk, kid: "key-9" }));
		await expect(verifyToken(await sign(other), named)).resolves.toMatchObject({ sub: "alice" });
	});

	it("tries every matching key for a token without a `kid`", async () => {
		const keys = [
			await makeKey("ES256", { kid: "a" }),
			await makeKey("ES256", { kid: "b" }),
			await makeKey("RS256", { kid: "c" }),
		];
		const many = configFor(publishing(...keys.map(({ jwk }) => jwk)));
		for (const { pair, jwk } of keys) {
			const { kid: _kid, ...nameless } = jwk;
			await expect(verifyToken(await sign({ pair, jwk: nameless }), many)).resolves.toMatchObject({ sub: "alice" });
		}
		const { pair, jwk } = await makeKey("ES256", {});
		await expect(verifyToken(await sign({ pair, jwk }), many)).rejects.toThrow(problem("invalid_token", "signature"));
		await expect(verifyToken(await sign({ pair: keys[1]?.pair ?? pair, jwk }, { aud: "x" }), many)).rejects.toThrow(
			problem("invalid_token", "`aud`"),
		);
		await expect(verifyToken(await sign({ pair: keys[1]?.pair ?? pair, jwk }, { exp: 1 }), many)).rejects.toThrow(
			problem("token_expired"),
		);
	});
});

describe("verifyToken: types of tokens", () => {
	it.each([
		undefined,
		"JWT",
		"jwt",
		"at+jwt",
		"AT+JWT",
		"application/at+jwt",
		"application/jwt",
		"access_token",
		"JOSE",
		"",
	])("accepts the type %j", async (typ) => {
		const token = await sign(key, {}, typ === undefined ? {} : { typ });
		await expect(verifyToken(token, config)).resolves.toMatchObject({ sub: "alice" });
	});

	it.each([
		"logout+jwt",
		"secevent+jwt",
		"dpop+jwt",
		"LOGOUT+JWT",
		"Logout+jwt",
		"application/logout+jwt",
		"Application/SecEvent+JWT",
		"application/dpop+jwt; charset=utf-8",
		" logout+jwt",
		"token-introspection+jwt",
		"oauth-authz-req+jwt",
		"entity-statement+jwt",
		"trust-mark+jwt",
		"kb+jwt",
		"vc+jwt",
		"dc+sd-jwt",
		"statuslist+jwt",
		"openid4vci-proof+jwt",
		"oauth-client-attestation+jwt",
		"rt+jwt",
		"text/at+jwt",
		"passport",
	])("refuses the type %j", async (typ) => {
		await expect(verifyToken(await sign(key, {}, { typ }), config)).rejects.toThrow(
			problem("invalid_token", "`typ`.*access token"),
		);
	});

	it("refuses a foreign type before any key is looked up", async () => {
		const before = requests;
		const token = await sign(key, {}, { typ: "logout+jwt" });
		await expect(verifyToken(token, configFor(publishing(key.jwk)))).rejects.toThrow(problem("invalid_token", "`typ`"));
		expect(requests).toBe(before);
	});

	it("refuses a type that is not a string", async () => {
		for (const typ of [7, null, ["at+jwt"], { a: 1 }] as unknown as string[]) {
			await expect(verifyToken(await sign(key, {}, { typ }), config)).rejects.toThrow(problem("invalid_token"));
		}
	});

	it("accepts only the types that the settings list", async () => {
		const named = configFor(publishing(key.jwk), { JWT_TYPES: "at+jwt, Acme-Access+JWT" });
		for (const typ of ["at+jwt", "AT+JWT", "application/at+jwt", "acme-access+jwt"]) {
			await expect(verifyToken(await sign(key, {}, { typ }), named), typ).resolves.toMatchObject({ sub: "alice" });
		}
		for (const typ of ["JWT", "logout+jwt", "at", "", "at+jwt2"]) {
			await expect(verifyToken(await sign(key, {}, { typ }), named), typ).rejects.toThrow(
				problem("invalid_token", "JWT_TYPES.*at\\+jwt"),
			);
		}
		await expect(verifyToken(await sign(key), named)).rejects.toThrow(problem("invalid_token", "JWT_TYPES"));
	});

	it("ignores the prefix `application/` in the setting", async () => {
		const named = configFor(publishing(key.jwk), { JWT_TYPES: "application/at+jwt" });
		await expect(verifyToken(await sign(key, {}, { typ: "at+jwt" }), named)).resolves.toMatchObject({ sub: "alice" });
	});

	it("refuses security event tokens such as logout tokens, whatever their type", async () => {
		const events = { "http://schemas.openid.net/event/backchannel-logout": {} };
		await expect(verifyToken(await sign(key, { events }, { typ: "JWT" }), config)).rejects.toThrow(
			problem("invalid_token", "`events`"),
		);
		for (const own of [["opened"], "opened", null, true]) {
			await expect(verifyToken(await sign(key, { events: own }), config)).resolves.toMatchObject({ sub: "alice" });
		}
	});
});

describe("verifyToken: keys that cannot be used", () => {
	let weak: WeakKey;
	let good: SigningKey;

	beforeAll(async () => {
		weak = await WeakKey.make("bad");
		good = await makeKey("RS256", { kid: "good" });
	});

	const broken: [string, () => Promise<unknown>][] = [
		["an RSA key of 1,024 bits", async () => weak.jwk],
		["an RSA key of 1,024 bits without `alg`", async () => ({ ...weak.jwk, alg: undefined })],
		["an RSA key without its modulus", async () => ({ kty: "RSA", e: "AQAB", kid: "bad" })],
		["an RSA key whose modulus is not base64", async () => ({ ...good.jwk, n: "!", kid: "bad" })],
		["an RSA key whose modulus is a number", async () => ({ ...good.jwk, n: 7, kid: "bad" })],
		["an RSA key with an exponent of 1", async () => ({ ...good.jwk, e: "AQ", kid: "bad" })],
		["a private key", async () => ({ ...(await exportJWK(good.pair.privateKey)), kid: "bad", alg: "RS256" })],
		["a key for encryption", async () => ({ ...good.jwk, use: "enc", kid: "bad" })],
		["a key whose operations do not verify", async () => ({ ...good.jwk, key_ops: ["encrypt"], kid: "bad" })],
		["a key whose operations are a text", async () => ({ ...good.jwk, key_ops: "verify", kid: "bad" })],
		["a key whose operations repeat", async () => ({ ...good.jwk, key_ops: ["verify", "verify"], kid: "bad" })],
		["a key whose `ext` is a text", async () => ({ ...good.jwk, ext: "yes", kid: "bad" })],
		["a key for another algorithm", async () => ({ ...good.jwk, alg: "RS512", kid: "bad" })],
		["a key whose `alg` is a number", async () => ({ ...good.jwk, alg: 7, kid: "bad" })],
		["a symmetric key", async () => ({ kty: "oct", k: "c2VjcmV0", kid: "bad", alg: "RS256" })],
		["an unknown curve", async () => ({ kty: "EC", crv: "secp256k1", x: "AA", y: "AA", kid: "bad" })],
		["an unknown kind of key", async () => ({ kty: "LATTICE", kid: "bad" })],
		["a kind of key that is a number", async () => ({ kty: 7, kid: "bad" })],
		["an object without a kind", async () => ({ kid: "bad" })],
		["a text", async () => "bad"],
		["null", async () => null],
		["a list", async () => [{ kid: "bad" }]],
		["a broken key under the good one's name", async () => ({ kty: "RSA", kid: "good", n: "AA", e: "AQAB" })],
	];

	it.each(broken)("do not affect the other keys: %s", async (_, make) => {
		const { kid: _kid, ...nameless } = good.jwk;
		const bad = (await make()) as JWK;
		for (const keys of [
			[bad, good.jwk],
			[good.jwk, bad],
		]) {
			const mixed = configFor(publishing(...keys));
			await expect(verifyToken(await sign(good), mixed)).resolves.toMatchObject({ sub: "alice" });
			await expect(verifyToken(await sign({ ...good, jwk: nameless }), mixed)).resolves.toMatchObject({ sub: "alice" });
		}
	});

	it.each(broken)("do not make the service fail when a token names one: %s", async (_, make) => {
		const bad = (await make()) as JWK;
		for (const keys of [[bad], [bad, good.jwk]]) {
			const error = await verifyToken(await weak.token(), configFor(publishing(...keys))).catch((thrown) => thrown);
			expect(error).toMatchObject({ code: expect.stringMatching(/^(invalid_token|jwks_unavailable)$/) });
		}
	});

	it("are reported as the provider's fault, not the token's: an RSA key of 1,024 bits", async () => {
		const named = configFor(publishing(weak.jwk, good.jwk));
		await expect(verifyToken(await weak.token(), named)).rejects.toThrow(problem("jwks_unavailable", "too weak"));
	});

	it("are skipped for a token without a `kid`", async () => {
		const mixed = configFor(publishing(weak.jwk, good.jwk));
		await expect(verifyToken(await weak.token({}), mixed)).rejects.toThrow(problem("invalid_token", "signature"));
	});
});

describe("verifyToken: malformed tokens", () => {
	it.each([
		"",
		".",
		"..",
		"...",
		"a.b.c",
		"abc",
		"\0",
		"é.é.é",
		"{}",
		"null",
		"Bearer x",
		"eyJhbGciOiJFUzI1NiJ9",
		"eyJhbGciOiJFUzI1NiJ9..",
		"bnVsbA.e30.AAAA",
		"W10.e30.AAAA",
		"e30.e30.AAAA",
		"eyJhbGciOjd9.e30.AAAA",
		"eyJhbGciOiJFUzI1NiIsImtpZCI6W119.e30.AAAA",
		"eyJhbGciOiJFUzI1NiIsImtpZCI6ImtleS0xIn0.e30.AAAA",
		"eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
		"a".repeat(100_000),
		".".repeat(10_000),
	])("refuses %j", async (token) => {
		await expect(verifyToken(token, config)).rejects.toThrow(problem("invalid_token"));
	});

	it.each(["null", "[]", '"alice"', "7", "not json", ""])("refuses a signed payload of %j", async (payload) => {
		await expect(verifyToken(await signText(key, payload), config)).rejects.toThrow(problem("invalid_token"));
	});

	it("does not leak the token in its errors", async () => {
		const token = await sign(await makeKey());
		const error: unknown = await verifyToken(token, config).catch((thrown: unknown) => thrown);
		expect(error).toEqual(problem("invalid_token"));
		for (const part of token.split(".").slice(1)) expect(String(error)).not.toContain(part);
	});
});

describe("verifyToken: the identity provider's keys", () => {
	it.each([
		["cannot be reached", () => Promise.reject(new TypeError("connection refused"))],
		["answer with a 404", () => new Response("Not found", { status: 404 })],
		["answer with a 500", () => new Response("{}", { status: 500 })],
		["answer with a 204", () => new Response(null, { status: 204 })],
		["are a redirect", () => new Response(null, { status: 302, headers: { Location: "https://evil.example/" } })],
		["are not JSON", () => new Response("<html>")],
		["are empty", () => new Response("")],
		["are another kind of JSON", () => Response.json([])],
		["have no list", () => Response.json({ keys: "none" })],
		["contain something that is not a key", () => Response.json({ keys: ["key"] })],
		[
			"contain a malformed key with the token's `kid`",
			() => Response.json({ keys: [{ kty: "EC", crv: "P-256", kid: "key-1" }] }),
		],
	] as [string, () => Response | Promise<Response>][])(
		"are reported as unavailable when they %s",
		async (_, answer) => {
			const token = await sign(key);
			await expect(verifyToken(token, configFor(answer))).rejects.toThrow(problem("jwks_unavailable", "JWKS_URL"));
		},
	);

	it("are not reported as unavailable when the set is empty", async () => {
		await expect(verifyToken(await sign(key), configFor(publishing()))).rejects.toThrow(problem("invalid_token"));
	});

	it("are fetched once for many tokens", async () => {
		const fresh = configFor(publishing(key.jwk));
		const before = requests;
		for (let count = 0; count < 5; count += 1) await verifyToken(await sign(key), fresh);
		expect(requests).toBe(before + 1);
	});

	it("are not fetched again for every unknown key", async () => {
		const fresh = configFor(publishing(key.jwk));
		const before = requests;
		for (let count = 0; count < 5; count += 1) {
			const token = await sign(key, {}, { kid: `unknown-${count}` });
			const code = count === 0 ? "invalid_token" : "jwks_unavailable";
			await expect(verifyToken(token, fresh)).rejects.toThrow(problem(code));
		}
		expect(requests).toBe(before + 1);
	});

	it("are fetched again for an unknown key after the cooldown", async () => {
		const next = await makeKey("ES256", { kid: "key-2" });
		const published = [key.jwk];
		const fresh = configFor(() => Response.json({ keys: published }));
		await verifyToken(await sign(key), fresh);
		published.push(next.jwk);
		await expect(verifyToken(await sign(next), fresh)).rejects.toThrow(problem("jwks_unavailable", "a few seconds"));
		advanceClock(31);
		try {
			await expect(verifyToken(await sign(next), fresh)).resolves.toMatchObject({ sub: "alice" });
		} finally {
			vi.useRealTimers();
		}
	});

	it("are fetched again soon after a failure", async () => {
		let isDown = true;
		const fresh = configFor(() => (isDown ? new Response(null, { status: 500 }) : Response.json({ keys: [key.jwk] })));
		await expect(verifyToken(await sign(key), fresh)).rejects.toThrow(problem("jwks_unavailable"));
		isDown = false;
		advanceClock(5);
		try {
			await expect(verifyToken(await sign(key), fresh)).resolves.toMatchObject({ sub: "alice" });
		} finally {
			vi.useRealTimers();
		}
	});

	it("are kept apart by URL", async () => {
		const other = await makeKey();
		const own = configFor(publishing(other.jwk));
		await expect(verifyToken(await sign(other), own)).resolves.toMatchObject({ sub: "alice" });
		await expect(verifyToken(await sign(other), config)).rejects.toThrow(problem("invalid_token"));
		await expect(verifyToken(await sign(key), own)).rejects.toThrow(problem("invalid_token"));
	});
});

describe("the issuer of the tests", () => {
	it("signs tokens that are accepted", async () => {
		const issuer = await TestIssuer.start("https://test-issuer.test/jwks.json");
		const env = { JWKS_URL: issuer.jwksUrl, JWT_ISSUER: ISSUER, JWT_AUDIENCE: "tidings" };
		expect((await verifyToken(await issuer.token(), readTokenConfig(env))).channels).toContain("orders");
		expect(issuer.fetches).toBe(1);
	});
});
