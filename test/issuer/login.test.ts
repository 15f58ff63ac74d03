import { env } from "cloudflare:workers";
import { scrypt } from "@noble/hashes/scrypt.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { decodeJwt } from "jose";
import { describe, expect, it } from "vitest";
import { call, freshUser, logIn, PASSWORD, type Pair, post } from "./support/issuer.ts";

async function hashOf(username: string): Promise<string> {
	const row = await env.DB.prepare("SELECT password_hash FROM users WHERE username = ?")
		.bind(username)
		.first<string>("password_hash");
	return row ?? "";
}

describe("a log-in", () => {
	it("answers with an access token of an hour and a refresh token of 30 days", async () => {
		const alice = await freshUser(["orders", "chat:*"]);
		const { accessToken, ...rest } = await logIn(alice);
		expect(rest).toEqual({
			tokenType: "Bearer",
			accessTokenExpiresIn: 3600,
			refreshToken: expect.stringMatching(/^[\w-]{22}\.[\w-]{43}$/),
			refreshTokenExpiresIn: 30 * 86_400,
		});
		const claims = decodeJwt(accessToken);
		expect(claims).toMatchObject({
			iss: "http://localhost:8788",
			aud: "tidings",
			sub: alice,
			channels: ["orders", "chat:*"],
		});
		expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(3600);
	});

	it("takes its lifetimes from the settings", async () => {
		const pair = await logIn(await freshUser(), { ACCESS_TOKEN_SECONDS: "62", REFRESH_TOKEN_SECONDS: "600" });
		expect(pair).toMatchObject({ accessTokenExpiresIn: 62, refreshTokenExpiresIn: 600 });
	});

	it("finds a name in whatever letter case, and says it as it was added", async () => {
		const alice = await freshUser();
		expect(decodeJwt((await logIn(alice.toUpperCase())).accessToken).sub).toBe(alice);
	});

	it("does not tell an unknown name, a wrong password and a disabled user apart", async () => {
		const disabled = await freshUser();
		await env.DB.prepare("UPDATE users SET disabled_at = 1 WHERE username = ?").bind(disabled).run();
		const answers = await Promise.all([
			post("/login", { username: "nobody", password: PASSWORD }),
			post("/login", { username: await freshUser(), password: "wrong" }),
			post("/login", { username: disabled, password: PASSWORD }),
		]);
		for (const { status, body } of answers) {
			expect(status).toBe(401);
			expect(body).toEqual({ code: "invalid_credentials", detail: "The username or the password is wrong." });
		}
	});

	it("hashes a password again that was hashed at a lower cost", async () => {
		const alice = await freshUser();
		const salt = new Uint8Array(16);
		const cheap = `scrypt:1024:8:1:${bytesToHex(salt)}:${bytesToHex(scrypt(PASSWORD, salt, { N: 1024, r: 8, p: 1, dkLen: 32 }))}`;
		await env.DB.prepare("UPDATE users SET password_hash = ? WHERE username = ?").bind(cheap, alice).run();
		await logIn(alice);
		expect(await hashOf(alice)).toMatch(/^scrypt:16384:8:5:/);
		await logIn(alice);
	});

	it("says what it wants when it gets something else", async () => {
		for (const body of [
			"alice",
			{ username: "alice" },
			{ username: "alice", password: 7 },
			{ username: "a".repeat(65), password: "" },
			{ username: "alice", password: "ill-formed \ud800" },
			null,
			[],
		]) {
			expect(await post("/login", body)).toMatchObject({ status: 400, body: { code: "invalid_request" } });
		}
		expect(await post("/login", { username: "x".repeat(20_000) })).toMatchObject({
			status: 413,
			body: { code: "body_too_large" },
		});
	});
});

describe("a body", () => {
	function send(body: BodyInit, headers: Record<string, string> = {}) {
		return call("/login", { method: "POST", body, headers });
	}

	it("may begin with a byte order mark", async () => {
		const username = await freshUser();
		expect(await send(`\ufeff${JSON.stringify({ username, password: PASSWORD })}`)).toMatchObject({ status: 200 });
	});

	it("that is not UTF-8 is refused, and never read as other text", async () => {
		const [before, after] = ['{"username":"alice","password":"pass', 'word"}'].map((each) =>
			new TextEncoder().encode(each),
		) as [Uint8Array, Uint8Array];
		const body = new Blob([before, new Uint8Array([0xe9]), after]);
		expect(await send(await body.arrayBuffer())).toMatchObject({ status: 400, body: { code: "invalid_request" } });
	});

	it("that is compressed is refused by name", async () => {
		const answer = await call<{ code: string; detail: string }>("/login", {
			method: "POST",
			body: "{}",
			headers: { "Content-Encoding": "gzip" },
		});
		expect(answer).toMatchObject({ status: 415, body: { code: "unsupported_media_type" } });
		expect(answer.body.detail).toContain("Content-Encoding");
	});

	it("that is nested as deeply as it may be long is refused", async () => {
		expect(await send("[".repeat(16_000))).toMatchObject({ status: 400, body: { code: "invalid_request" } });
		expect(await send(`${"[".repeat(8000)}${"]".repeat(8000)}`)).toMatchObject({ status: 400 });
	});
});

describe("an answer", () => {
	it("with a user's tokens, or with an error, is stored nowhere, and is what its type says", async () => {
		const { headers } = await post("/login", { username: await freshUser(), password: PASSWORD });
		const refused = await post("/token", {});
		for (const each of [headers, refused.headers]) {
			expect(each.get("Cache-Control")).toBe("no-store");
			expect(each.get("X-Content-Type-Options")).toBe("nosniff");
		}
	});

	it("can be read by pages of any origin, errors included", async () => {
		const headers = { Origin: "https://app.example" };
		const answers = await Promise.all([
			call("/.well-known/jwks.json", { headers }),
			call("/.well-known/jwks.json", { headers }, { ISSUER: "" }),
			call("/nowhere", { headers }),
			post("/login", {}, {}, headers),
			post("/login", { username: "x".repeat(20_000) }, {}, headers),
		]);
		expect(answers.map(({ status }) => status)).toEqual([200, 503, 404, 400, 413]);
		for (const answer of answers) expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("*");
	});
});

describe("a sign-up", () => {
	const newcomer = { username: "newcomer", password: PASSWORD };
	const on = { SIGN_UP: "on" };

	it("is not there unless it was turned on", async () => {
		expect(await post("/signup", newcomer)).toMatchObject({ status: 404, body: { code: "not_found" } });
	});

	it("logs in a new user, who may read what everybody may", async () => {
		const { status, body } = await post<Pair>("/signup", newcomer, on);
		expect(status).toBe(201);
		expect(decodeJwt(body.accessToken)).toMatchObject({ sub: "newcomer", channels: [] });
		expect(await post("/login", newcomer)).toMatchObject({ status: 200 });
	});

	it("gives nobody the name of somebody else, in whatever letter case", async () => {
		const username = (await freshUser()).toUpperCase();
		const answer = await post("/signup", { username, password: "another password" }, on);
		expect(answer).toMatchObject({ status: 409, body: { code: "username_taken" } });
	});

	it("refuses names that are no subject, and short passwords", async () => {
		for (const wrong of [{ username: "a:b" }, { username: "" }, { username: "*" }, { password: "1234567" }]) {
			expect(await post("/signup", { ...newcomer, ...wrong }, on)).toMatchObject({ status: 400 });
		}
	});
});

describe("the settings", () => {
	it("are named when they are malformed, and nothing is done", async () => {
		const cases = {
			ACCESS_TOKEN_SECONDS: "soon",
			SIGN_UP: "yes",
			KEY_ROTATION_DAYS: "0",
			ADMIN_KEY: "short",
			ISSUER: "",
		};
		for (const [name, value] of Object.entries(cases)) {
			const answer = await call<{ detail: string }>("/.well-known/jwks.json", {}, { [name]: value });
			expect(answer).toMatchObject({ status: 503, body: { code: "misconfigured" } });
			expect(answer.body.detail).toMatch(new RegExp(`^The setting ${name} must `));
		}
	});
});
