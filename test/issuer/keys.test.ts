import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { call, freshUser, logIn, post } from "./support/issuer.ts";

const ADMIN_KEY = "an-admin-key-of-more-than-32-characters";
const AUTHORIZED = { Authorization: `Bearer ${ADMIN_KEY}` };

async function publicKeys(): Promise<JSONWebKeySet> {
	return (await call<JSONWebKeySet>("/.well-known/jwks.json")).body;
}

async function verifies(token: string): Promise<boolean> {
	const keys = createLocalJWKSet(await publicKeys());
	return await jwtVerify(token, keys).then(
		() => true,
		() => false,
	);
}

/** Changes what the key's object has stored. */
async function change<Value>(name: string, edit: (value: Value) => Value): Promise<void> {
	await runInDurableObject(env.SIGNING_KEY.getByName("issuer"), async (_key, { storage }) => {
		await storage.put(name, edit((await storage.get(name)) as Value));
	});
}

function rotate(body: object = {}) {
	return post<JSONWebKeySet>("/keys/rotate", body, { ADMIN_KEY }, AUTHORIZED);
}

describe("the signing key", () => {
	it("is replaced when it is 90 days old, and the tokens of the old one go on being good", async () => {
		const alice = await freshUser();
		const before = (await logIn(alice)).accessToken;
		await change<{ madeAt: number }>("current", (key) => ({ ...key, madeAt: key.madeAt - 90 * 86_400 }));
		const after = (await logIn(alice)).accessToken;
		expect(decodeProtectedHeader(after).kid).not.toBe(decodeProtectedHeader(before).kid);
		expect((await publicKeys()).keys.map(({ kid }) => kid)).toEqual([
			decodeProtectedHeader(after).kid,
			decodeProtectedHeader(before).kid,
		]);
		expect(await verifies(before)).toBe(true);
		expect(await verifies(after)).toBe(true);
	});

	it("stays public until its last token ends, by the longest lifetime that it signed for", async () => {
		const alice = await freshUser();
		await rotate();
		await logIn(alice, { ACCESS_TOKEN_SECONDS: "7200" });
		await logIn(alice, { ACCESS_TOKEN_SECONDS: "60" });
		const now = Math.floor(Date.now() / 1000);
		await rotate();
		await change<{ neededUntil: number }[]>("retired", ([last, ...rest]) => {
			expect(last?.neededUntil).toBeGreaterThanOrEqual(now + 7260);
			expect(last?.neededUntil).toBeLessThan(now + 7280);
			return [{ ...last, neededUntil: now }, ...rest];
		});
		const { keys } = await publicKeys();
		await rotate();
		expect((await publicKeys()).keys).toHaveLength(keys.length + 1);
	});

	it("is replaced on demand, by those who have the ADMIN_KEY", async () => {
		const { accessToken } = await logIn(await freshUser());
		expect(await rotate()).toMatchObject({ status: 200 });
		expect(await verifies(accessToken)).toBe(true);
		const wrong = { Authorization: "Bearer wrong" };
		expect(await post("/keys/rotate", {}, { ADMIN_KEY }, wrong)).toMatchObject({ status: 401 });
		expect(await post("/keys/rotate", {}, { ADMIN_KEY })).toMatchObject({ status: 401 });
	});

	it("that has leaked is gone at once, and its tokens with it", async () => {
		const { accessToken } = await logIn(await freshUser());
		const { body } = await rotate({ leaked: true });
		expect(body.keys).toHaveLength(1);
		expect(await verifies(accessToken)).toBe(false);
	});

	it("cannot be replaced where no ADMIN_KEY was set", async () => {
		expect(await post("/keys/rotate", {}, {}, AUTHORIZED)).toMatchObject({ status: 404 });
	});

	it("never shows its private half, and retired keys have none", async () => {
		await rotate();
		for (const key of (await publicKeys()).keys) expect(key).not.toHaveProperty("d");
		await change<unknown[]>("retired", (retired) => {
			expect(JSON.stringify(retired)).not.toMatch(/"d":|privateKey/);
			return retired;
		});
	});
});

describe("the metadata", () => {
	it("says where things are, and every one of them is there", async () => {
		const { body } = await call<{ jwks_uri: string; token_endpoint: string }>("/.well-known/openid-configuration");
		expect(body).toEqual({
			issuer: "http://localhost:8788",
			jwks_uri: "http://localhost:8788/.well-known/jwks.json",
			token_endpoint: "http://localhost:8788/token",
			token_endpoint_auth_methods_supported: ["none"],
			grant_types_supported: ["refresh_token"],
			response_types_supported: [],
			subject_types_supported: ["public"],
			claims_supported: ["iss", "aud", "sub", "iat", "exp", "jti", "channels"],
		});
		expect(await call(new URL(body.jwks_uri).pathname)).toMatchObject({ status: 200 });
		expect(await post(new URL(body.token_endpoint).pathname, {})).toMatchObject({ status: 400 });
	});
});
