import { SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { TestIssuer } from "../support/issuer.ts";
import { call, freshChannel, PUBLISH_KEY, problem, published, subscribe } from "../support/service.ts";

let issuer: TestIssuer;

beforeAll(async () => {
	issuer = await TestIssuer.start();
});

function subscribeWith(token: string): Promise<Response> {
	return call("/events?channel=orders", { headers: { Authorization: `Bearer ${token}` } });
}

function base64url(value: unknown): string {
	return btoa(typeof value === "string" ? value : JSON.stringify(value)).replaceAll("=", "");
}

const nowSeconds = () => Math.floor(Date.now() / 1000);

describe("a subscriber's token", () => {
	it("is asked for, without an error code where none was sent", async () => {
		const response = await call("/events?channel=orders");
		expect(response.headers.get("WWW-Authenticate")).toBe('Bearer realm="tidings"');
		expect(await problem(response)).toMatchObject({ status: 401, code: "missing_token" });
	});

	it("must be a bearer token", async () => {
		const response = await call("/events?channel=orders", { headers: { Authorization: "Basic YTpi" } });
		expect(response.headers.get("WWW-Authenticate")).toMatch(/^Bearer /);
		expect(await problem(response)).toMatchObject({ status: 401, code: "unsupported_auth_scheme" });
	});

	it("must not come twice", async () => {
		const token = await issuer.token();
		const headers = { Authorization: `Bearer ${token}` };
		for (const [query, init] of [
			[`&token=${token}`, { headers }],
			[`&ticket=x`, { headers }],
			[`&token=${token}&ticket=x`, {}],
			[`&token=${token}&token=${token}`, {}],
		] as const) {
			expect(await problem(await call(`/events?channel=orders${query}`, init))).toMatchObject({
				status: 400,
				code: "invalid_request",
			});
		}
	});

	const cases: [string, () => Promise<string>, string][] = [
		["signed by another key", async () => (await TestIssuer.start("https://evil.test/jwks")).token(), "invalid_token"],
		["with `alg: none`", async () => `${base64url({ alg: "none" })}.${base64url({ sub: "alice" })}.`, "invalid_token"],
		[
			"signed with HS256 and the public key's text",
			async () =>
				await new SignJWT({ sub: "alice", iss: "http://localhost:8788", aud: "tidings", exp: nowSeconds() + 60 })
					.setProtectedHeader({ alg: "HS256", kid: "key-1" })
					.sign(new TextEncoder().encode(await issuer.publicKeyText())),
			"invalid_token",
		],
		["of another issuer", () => issuer.token({ iss: "https://evil.test" }), "invalid_token"],
		["for another audience", () => issuer.token({ aud: "somebody-else" }), "invalid_token"],
		["that has expired", () => issuer.token({ exp: nowSeconds() - 61 }), "token_expired"],
		["without `exp`", () => issuer.token({ exp: undefined }), "invalid_token"],
		["without `sub`", () => issuer.token({ sub: undefined }), "invalid_token"],
		["that is none", async () => "hello", "invalid_token"],
		["that is a publish key", async () => PUBLISH_KEY, "invalid_token"],
	];

	it.each(cases)("%s is refused", async (_, token, code) => {
		const text = await token();
		const response = await subscribeWith(text);
		expect(response.headers.get("WWW-Authenticate")).toContain('error="invalid_token"');
		const body = await problem(response);
		expect(body).toMatchObject({ status: 401, code, detail: expect.stringMatching(/.{20,}/) });
		expect(JSON.stringify(body)).not.toContain(text);
	});

	it("lives as long as it says, also where that is a thousand years", async () => {
		const channel = freshChannel();
		const expires = nowSeconds() + 1000 * 31_556_952;
		const stream = await subscribe(`/events?channel=${channel}`, await issuer.token({ exp: expires }));
		expect(JSON.parse((await stream.next()).data)).toMatchObject({ expires });
		await published(channel, { data: "still here" });
		expect((await stream.next()).data).toBe("still here");
		await stream.close();
	});

	it("cannot be a publish key, and the answer says what that is for", async () => {
		const headers = { Authorization: `Bearer ${PUBLISH_KEY}` };
		for (const response of [
			await call("/events?channel=orders", { headers }),
			await call(`/events?channel=orders&token=${PUBLISH_KEY}`),
			await call(`/events?channel=orders&ticket=${PUBLISH_KEY}`),
			await call("/connections/x", { method: "PUT", headers }),
		]) {
			const body = await problem(response);
			expect(body).toMatchObject({ status: 401, code: "invalid_token" });
			expect(body.detail).toMatch(/^This is a publish key, .*POST \/tickets/);
			expect(JSON.stringify(body)).not.toContain(PUBLISH_KEY);
		}
	});

	it("is good for 60 seconds more, for clocks that differ", async () => {
		const channel = freshChannel();
		const token = await issuer.token({ exp: nowSeconds() - 30 });
		const response = await call(`/events?channel=${channel}`, { headers: { Authorization: `Bearer ${token}` } });
		expect(response.status).toBe(200);
		await response.body?.cancel();
	});
});
