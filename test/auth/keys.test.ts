import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { verifyToken } from "../../src/auth/verifier.ts";
import { readTokenConfig } from "../../src/config.ts";
import { advanceClock } from "../support/clock.ts";
import { TestIssuer } from "../support/issuer.ts";

afterEach(() => {
	vi.useRealTimers();
});

function verify(issuer: TestIssuer, token: string) {
	return verifyToken(token, readTokenConfig({ ...env, JWKS_URL: issuer.jwksUrl }));
}

async function codeOf(verification: Promise<unknown>): Promise<string | undefined> {
	return await verification.then(
		() => undefined,
		(error) => error.code,
	);
}

describe("the issuer's keys", () => {
	it("are fetched once for concurrent requests", async () => {
		const issuer = await TestIssuer.start("https://cold.test/jwks");
		const token = await issuer.token();
		await Promise.all(Array.from({ length: 20 }, () => verify(issuer, token)));
		expect(issuer.fetches).toBe(1);
	});

	it("are found after a key rotation, without a restart", async () => {
		const issuer = await TestIssuer.start("https://rotating.test/jwks");
		await verify(issuer, await issuer.token());
		await issuer.rotate("key-2");
		advanceClock(11);
		expect(await codeOf(verify(issuer, await issuer.token()))).toBeUndefined();
		expect(issuer.fetches).toBe(2);
	});

	it("are not fetched again for every token with an unknown key", async () => {
		const issuer = await TestIssuer.start("https://hammered.test/jwks");
		await verify(issuer, await issuer.token());
		const stranger = await TestIssuer.start("https://stranger.test/jwks", "unknown");
		for (let attempt = 0; attempt < 50; attempt += 1) {
			const isRead = attempt > 0 && attempt % 10 === 0;
			expect(await codeOf(verify(issuer, await stranger.token()))).toBe(isRead ? "invalid_token" : "jwks_unavailable");
			advanceClock(1);
		}
		expect(issuer.fetches).toBe(5);
	});

	it("are reported as unavailable, not as missing, when an unknown key has just started the cooldown", async () => {
		const issuer = await TestIssuer.start("https://junk.test/jwks");
		const stranger = await TestIssuer.start("https://junk-stranger.test/jwks", "unknown");
		expect(await codeOf(verify(issuer, await stranger.token()))).toBe("invalid_token");
		await issuer.rotate("key-2");
		advanceClock(1);
		expect(await codeOf(verify(issuer, await issuer.token()))).toBe("jwks_unavailable");
		expect(issuer.fetches).toBe(1);
		advanceClock(9);
		expect(await codeOf(verify(issuer, await issuer.token()))).toBeUndefined();
		expect(issuer.fetches).toBe(2);
	});

	it("are fetched once for concurrent tokens after a key rotation", async () => {
		const issuer = await TestIssuer.start("https://rotating-crowd.test/jwks");
		await verify(issuer, await issuer.token());
		await issuer.rotate("key-2");
		advanceClock(11);
		const token = await issuer.token();
		await Promise.all(Array.from({ length: 20 }, () => verify(issuer, token)));
		expect(issuer.fetches).toBe(2);
	});

	it("are not reported as missing when the fetch started before the token arrived", async () => {
		const issuer = await TestIssuer.start("https://slow.test/jwks");
		const old = await issuer.token();
		const release = issuer.holdAnswers();
		const first = codeOf(verify(issuer, old));
		await vi.waitFor(() => expect(issuer.fetches).toBe(1));
		await issuer.rotate("key-2");
		const second = codeOf(verify(issuer, await issuer.token()));
		release();
		expect([await first, await second]).toEqual([undefined, "jwks_unavailable"]);
	});

	it("are fetched again when the request that was fetching them died", async () => {
		const issuer = await TestIssuer.start("https://gone.test/jwks");
		const token = await issuer.token();
		const release = issuer.holdAnswers();
		const first = codeOf(verify(issuer, token));
		await vi.waitFor(() => expect(issuer.fetches).toBe(1));
		advanceClock(11);
		const second = codeOf(verify(issuer, token));
		await vi.waitFor(() => expect(issuer.fetches).toBe(2));
		release();
		expect([await first, await second]).toEqual([undefined, undefined]);
	});

	it("are fetched again for a token without a `kid` that none of them signed", async () => {
		const issuer = await TestIssuer.start("https://nameless.test/jwks", null);
		await verify(issuer, await issuer.token());
		await issuer.rotate(null);
		expect(await codeOf(verify(issuer, await issuer.token()))).toBe("invalid_token");
		advanceClock(11);
		expect(await codeOf(verify(issuer, await issuer.token()))).toBeUndefined();
		expect(issuer.fetches).toBe(2);
		const stranger = await TestIssuer.start("https://nameless-stranger.test/jwks", null);
		for (let attempt = 0; attempt < 25; attempt += 1) {
			expect(await codeOf(verify(issuer, await stranger.token()))).toBe("invalid_token");
			advanceClock(1);
		}
		expect(issuer.fetches).toBe(4);
	});

	it("stay in use for a day while the provider is down", async () => {
		const issuer = await TestIssuer.start("https://down.test/jwks");
		await verify(issuer, await issuer.token());
		issuer.isDown = true;
		advanceClock(23 * 3600);
		expect(await codeOf(verify(issuer, await issuer.token()))).toBeUndefined();
		advanceClock(2 * 3600);
		expect(await codeOf(verify(issuer, await issuer.token()))).toBe("jwks_unavailable");
	});

	it("are reported as unavailable, not as missing, while the provider is down", async () => {
		const issuer = await TestIssuer.start("https://down-and-rotated.test/jwks");
		await verify(issuer, await issuer.token());
		await issuer.rotate("key-2");
		issuer.isDown = true;
		advanceClock(11);
		expect(await codeOf(verify(issuer, await issuer.token()))).toBe("jwks_unavailable");
		issuer.isDown = false;
		advanceClock(11);
		expect(await codeOf(verify(issuer, await issuer.token()))).toBeUndefined();
	});

	it("are fetched at most once a second from a provider that never answered", async () => {
		const issuer = await TestIssuer.start("https://dead.test/jwks");
		issuer.isDown = true;
		const token = await issuer.token();
		for (let attempt = 0; attempt < 10; attempt += 1)
			expect(await codeOf(verify(issuer, token))).toBe("jwks_unavailable");
		expect(issuer.fetches).toBeLessThan(5);
		issuer.isDown = false;
		advanceClock(2);
		expect(await codeOf(verify(issuer, token))).toBeUndefined();
	});
});
