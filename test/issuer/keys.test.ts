import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { readPublicKeys } from "../../issuer/src/key-set.ts";
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

/** Changes what the key's object has stored. Afterwards, the isolate knows the keys as they are then. */
async function change<Value>(name: string, edit: (value: Value) => Value): Promise<void> {
	await runInDurableObject(env.SIGNING_KEY.getByName("issuer"), async (_key, { storage }) => {
		await storage.put(name, edit((await storage.get(name)) as Value));
	});
	await readPublicKeys(env.SIGNING_KEY);
}

/** Lets the time pass for which a new key is announced. */
async function announced(): Promise<void> {
	await change<{ signsFrom: number }>("next", (key) => ({ ...key, signsFrom: key.signsFrom - 120 }));
}

function kidOf(token: string): string | undefined {
	return decodeProtectedHeader(token).kid;
}

function rotate(body: object = {}) {
	return post<JSONWebKeySet>("/keys/rotate", body, { ADMIN_KEY }, AUTHORIZED);
}

describe("the signing key", () => {
	it("is replaced when it is 90 days old, and the tokens of the old one go on being good", async () => {
		const alice = await freshUser();
		const before = (await logIn(alice)).accessToken;
		await change<{ madeAt: number }>("current", (key) => ({ ...key, madeAt: key.madeAt - 90 * 86_400 }));
		await logIn(alice);
		await announced();
		const after = (await logIn(alice)).accessToken;
		expect(kidOf(after)).not.toBe(kidOf(before));
		expect((await publicKeys()).keys.map(({ kid }) => kid)).toEqual([kidOf(after), kidOf(before)]);
		expect(await verifies(before)).toBe(true);
		expect(await verifies(after)).toBe(true);
	});

	it("is public for two minutes before it signs, longer than anybody keeps a copy of the keys", async () => {
		const alice = await freshUser();
		const old = kidOf((await logIn(alice)).accessToken);
		const now = Math.floor(Date.now() / 1000);
		await rotate();
		const [next] = (await publicKeys()).keys;
		expect(kidOf((await logIn(alice)).accessToken)).toBe(old);
		await change<{ signsFrom: number }>("next", (key) => {
			expect(key.signsFrom).toBeGreaterThanOrEqual(now + 120);
			expect(key.signsFrom).toBeLessThan(now + 140);
			return key;
		});
		await announced();
		expect(kidOf((await logIn(alice)).accessToken)).toBe(next?.kid);
		const { headers } = await call("/.well-known/jwks.json");
		expect(headers.get("Cache-Control")).toBe("public, max-age=60");
	});

	it("is announced once, however often it is asked for meanwhile", async () => {
		const { keys } = (await rotate()).body;
		expect((await rotate()).body.keys).toEqual(keys);
	});

	it("stays public until its last token ends, by the longest lifetime that it signed for", async () => {
		const alice = await freshUser();
		await rotate({ leaked: true });
		await logIn(alice, { ACCESS_TOKEN_SECONDS: "7200" });
		await logIn(alice, { ACCESS_TOKEN_SECONDS: "60" });
		await rotate();
		await announced();
		const now = Math.floor(Date.now() / 1000);
		await logIn(alice);
		await change<{ neededUntil: number }[]>("retired", ([last, ...rest]) => {
			expect(last?.neededUntil).toBeGreaterThanOrEqual(now + 7260);
			expect(last?.neededUntil).toBeLessThan(now + 7280);
			return [{ ...last, neededUntil: now }, ...rest];
		});
		expect((await publicKeys()).keys).toHaveLength(1);
	});

	it("is replaced on demand, by those who have the ADMIN_KEY", async () => {
		const { accessToken } = await logIn(await freshUser());
		expect(await rotate()).toMatchObject({ status: 200 });
		expect(await verifies(accessToken)).toBe(true);
		const wrong = { Authorization: "Bearer wrong" };
		expect(await post("/keys/rotate", {}, { ADMIN_KEY }, wrong)).toMatchObject({ status: 401 });
		expect(await post("/keys/rotate", {}, { ADMIN_KEY })).toMatchObject({ status: 401 });
	});

	it("that has leaked is gone at once, and its tokens with it, and so is one that was announced", async () => {
		const { accessToken } = await logIn(await freshUser());
		await rotate();
		const { body } = await rotate({ leaked: true });
		expect(body.keys).toHaveLength(1);
		expect(await verifies(accessToken)).toBe(false);
	});

	it("cannot be replaced where no ADMIN_KEY was set", async () => {
		expect(await post("/keys/rotate", {}, {}, AUTHORIZED)).toMatchObject({ status: 404 });
	});

	it("never shows its private half, and retired keys have none", async () => {
		await rotate();
		await announced();
		await logIn(await freshUser());
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
