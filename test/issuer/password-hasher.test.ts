import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { freshAddress, freshUser, PASSWORD, post } from "./support/issuer.ts";

/** As many passwords as may wait, on their way. */
function fill(): Promise<unknown> {
	return runInDurableObject(env.PASSWORD_HASHER.getByName("issuer"), (hasher) =>
		Promise.all(Array.from({ length: 16 }, () => hasher.hash(PASSWORD))),
	);
}

describe("the password hasher", () => {
	it("takes sixteen passwords, and refuses the next until there is room", async () => {
		await runInDurableObject(env.PASSWORD_HASHER.getByName("issuer"), async (hasher) => {
			const answers = await Promise.all(Array.from({ length: 17 }, () => hasher.hash(PASSWORD)));
			expect(answers.map(({ ok }) => ok)).toEqual([...Array.from({ length: 16 }, () => true), false]);
			expect(await hasher.hash(PASSWORD)).toMatchObject({ ok: true });
		});
	});

	it("goes on after a hash that it cannot read", async () => {
		await runInDurableObject(env.PASSWORD_HASHER.getByName("issuer"), async (hasher) => {
			await expect(hasher.verify(PASSWORD, "no hash")).rejects.toThrow("malformed");
			expect(await hasher.hash(PASSWORD)).toMatchObject({ ok: true });
		});
	});

	it("that is full refuses log-ins and sign-ups for now, and does not count them as failed", async () => {
		const username = await freshUser();
		const address = freshAddress();
		const busy = fill();
		const login = await post("/login", { username, password: PASSWORD }, {}, { "CF-Connecting-IP": address });
		const newcomer = { username: "one-more", password: PASSWORD };
		const signup = await post("/signup", newcomer, { SIGN_UP: "on" });
		await busy;
		for (const refused of [login, signup]) {
			expect(refused).toMatchObject({ status: 429, body: { code: "too_many_attempts" } });
			expect(refused.headers.get("Retry-After")).toBe("5");
		}
		const { results } = await env.DB.prepare("SELECT count FROM attempts WHERE key IN (?, ?)")
			.bind(`username ${username}`, `address ${address}`)
			.all();
		expect(results).toEqual([{ count: 0 }, { count: 0 }]);
		expect(await post("/login", { username, password: PASSWORD })).toMatchObject({ status: 200 });
	});
});
