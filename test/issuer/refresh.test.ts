import { env } from "cloudflare:workers";
import { decodeJwt } from "jose";
import { describe, expect, it } from "vitest";
import { freshUser, logIn, post, refresh } from "./support/issuer.ts";

const OVER = { status: 401, body: { code: "invalid_token" } };

describe("a refresh token", () => {
	it("is good for a new pair, with what the user may read by then", async () => {
		const alice = await freshUser(["orders"]);
		const first = await logIn(alice);
		await env.DB.prepare("UPDATE users SET channels = ? WHERE username = ?").bind('["chat:*"]', alice).run();
		const { status, body: second } = await refresh(first.refreshToken);
		expect(status).toBe(200);
		expect(second).toMatchObject({ tokenType: "Bearer", accessTokenExpiresIn: 3600, refreshTokenExpiresIn: 2_592_000 });
		expect(second.refreshToken).not.toBe(first.refreshToken);
		expect(decodeJwt(second.accessToken)).toMatchObject({ sub: alice, channels: ["chat:*"] });
		expect(await refresh(second.refreshToken)).toMatchObject({ status: 200 });
	});

	it("ends its session when it comes a second time, and no other", async () => {
		const alice = await freshUser();
		const elsewhere = await logIn(alice);
		const first = await logIn(alice);
		const { body: second } = await refresh(first.refreshToken);
		const { body: third } = await refresh(second.refreshToken);
		expect(await refresh(first.refreshToken)).toMatchObject(OVER);
		expect(await refresh(third.refreshToken)).toMatchObject(OVER);
		expect(await refresh(elsewhere.refreshToken)).toMatchObject({ status: 200 });
	});

	it("that comes twice at once gives one pair, which is over as well", async () => {
		const { refreshToken } = await logIn(await freshUser());
		const answers = await Promise.all([refresh(refreshToken), refresh(refreshToken)]);
		expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
		const given = answers.find(({ status }) => status === 200)?.body.refreshToken ?? "";
		expect(await refresh(given)).toMatchObject(OVER);
	});

	it("is stored as a hash only", async () => {
		const { refreshToken } = await logIn(await freshUser());
		const { results } = await env.DB.prepare("SELECT * FROM sessions").all();
		expect(results.length).toBeGreaterThan(0);
		const [, secret] = refreshToken.split(".");
		expect(secret).toHaveLength(43);
		expect(JSON.stringify(results)).not.toContain(secret);
	});

	it("is good until it ends", async () => {
		const alice = await freshUser();
		const { refreshToken } = await logIn(alice);
		await env.DB.prepare("UPDATE sessions SET expires_at = unixepoch() WHERE username = ?").bind(alice).run();
		expect(await refresh(refreshToken)).toMatchObject(OVER);
		await logIn(await freshUser());
		const left = await env.DB.prepare("SELECT count(*) AS n FROM sessions WHERE username = ?").bind(alice).first("n");
		expect(left).toBe(0);
	});

	it("of a disabled user is good for nothing", async () => {
		const alice = await freshUser();
		const { refreshToken } = await logIn(alice);
		await env.DB.prepare("UPDATE users SET disabled_at = 1 WHERE username = ?").bind(alice).run();
		expect(await refresh(refreshToken)).toMatchObject(OVER);
	});

	it("that nobody was given is refused", async () => {
		for (const token of ["x".repeat(43), "", ".", `${"x".repeat(22)}.${"x".repeat(43)}`, "\u0000"]) {
			expect(await refresh(token)).toMatchObject(OVER);
		}
		expect(await post("/token", {})).toMatchObject({ status: 400, body: { code: "invalid_request" } });
	});
});

describe("a session", () => {
	async function sessionsOf(username: string): Promise<number | null> {
		return await env.DB.prepare("SELECT count(*) AS n FROM sessions WHERE username = ?").bind(username).first("n");
	}

	it("is one row, however often it is refreshed", async () => {
		const alice = await freshUser();
		let { refreshToken } = await logIn(alice);
		for (let count = 0; count < 5; count++) refreshToken = (await refresh(refreshToken)).body.refreshToken;
		expect(await sessionsOf(alice)).toBe(1);
	});

	it("ends when its user begins a hundred others: the one that was refreshed longest ago", async () => {
		const alice = await freshUser();
		const first = await logIn(alice);
		const second = await logIn(alice);
		await env.DB.prepare("UPDATE sessions SET refreshed_at = refreshed_at - 10 WHERE username = ?").bind(alice).run();
		const { body: renewed } = await refresh(first.refreshToken);
		const insert = env.DB.prepare(
			"INSERT INTO sessions VALUES (?, '', ?, unixepoch() - 5, unixepoch() + 100, unixepoch(), 0)",
		);
		await env.DB.batch(Array.from({ length: 98 }, (_, index) => insert.bind(`${alice}-${index}`, alice)));
		await logIn(alice);
		expect(await sessionsOf(alice)).toBe(100);
		expect(await refresh(second.refreshToken)).toMatchObject(OVER);
		expect(await refresh(renewed.refreshToken)).toMatchObject({ status: 200 });
	});

	it("is refreshed at most sixty times in a quarter of an hour, and keeps its token when it is refused", async () => {
		const alice = await freshUser();
		const { refreshToken } = await logIn(alice);
		await env.DB.prepare("UPDATE sessions SET refreshes = 60 WHERE username = ?").bind(alice).run();
		const refused = await refresh(refreshToken);
		expect(refused).toMatchObject({ status: 429, body: { code: "too_many_attempts" } });
		const wait = Number(refused.headers.get("Retry-After"));
		expect(wait).toBeGreaterThan(880);
		expect(wait).toBeLessThanOrEqual(900);
		await env.DB.prepare("UPDATE sessions SET window_at = window_at - 900 WHERE username = ?").bind(alice).run();
		const { status, body } = await refresh(refreshToken);
		expect(status).toBe(200);
		expect(await refresh(body.refreshToken)).toMatchObject({ status: 200 });
		const refreshes = await env.DB.prepare("SELECT refreshes FROM sessions WHERE username = ?")
			.bind(alice)
			.first("refreshes");
		expect(refreshes).toBe(2);
	});

	it("that is refreshed too often still ends when an old token comes again", async () => {
		const alice = await freshUser();
		const first = await logIn(alice);
		const { body: second } = await refresh(first.refreshToken);
		await env.DB.prepare("UPDATE sessions SET refreshes = 60 WHERE username = ?").bind(alice).run();
		expect(await refresh(first.refreshToken)).toMatchObject(OVER);
		expect(await refresh(second.refreshToken)).toMatchObject(OVER);
	});
});

describe("a log-out", () => {
	it("ends the session, with whichever of its tokens", async () => {
		const first = await logIn(await freshUser());
		const { body: second } = await refresh(first.refreshToken);
		expect(await post("/logout", { token: first.refreshToken })).toMatchObject({ status: 204 });
		expect(await refresh(second.refreshToken)).toMatchObject(OVER);
	});

	it("of somebody who is logged in no more succeeds", async () => {
		expect(await post("/logout", { token: "gone" })).toMatchObject({ status: 204 });
	});
});
