import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { network } from "../../issuer/src/throttle.ts";
import { freshAddress, freshUser, PASSWORD, post } from "./support/issuer.ts";

function attempt(username: string, password: string, address = freshAddress()) {
	return post("/login", { username, password }, {}, { "CF-Connecting-IP": address });
}

/** As if so many log-ins had failed. */
async function failed(key: string, count: number): Promise<void> {
	await env.DB.prepare("INSERT INTO attempts VALUES (?, ?, unixepoch() + 900)").bind(key, count).run();
}

describe("log-ins", () => {
	it("are refused for a name that ten failed for, from wherever, with the right password too", async () => {
		const alice = await freshUser();
		const answers = await Promise.all(Array.from({ length: 11 }, () => attempt(alice, "wrong")));
		expect(answers.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
		const refused = await attempt(alice.toUpperCase(), PASSWORD);
		expect(refused).toMatchObject({ status: 429, body: { code: "too_many_attempts" } });
		const wait = Number(refused.headers.get("Retry-After"));
		expect(wait).toBeGreaterThan(880);
		expect(wait).toBeLessThanOrEqual(900);
	});

	it("are refused for a name that nobody has in the same way", async () => {
		await failed("username nobody", 10);
		expect(await attempt("nobody", PASSWORD)).toMatchObject({ status: 429 });
	});

	it("are refused for an address that a hundred failed from, whatever the name", async () => {
		const address = freshAddress();
		await failed(`address ${address}`, 100);
		expect(await attempt(await freshUser(), PASSWORD, address)).toMatchObject({ status: 429 });
	});

	it("that succeed are not counted, and forgive earlier failures", async () => {
		const alice = await freshUser();
		const address = freshAddress();
		await failed(`username ${alice}`, 9);
		expect(await attempt(alice, PASSWORD, address)).toMatchObject({ status: 200 });
		expect(await attempt(alice, "wrong", address)).toMatchObject({ status: 401 });
		const { results } = await env.DB.prepare("SELECT count FROM attempts WHERE key IN (?, ?)")
			.bind(`username ${alice}`, `address ${address}`)
			.all();
		expect(results).toEqual([{ count: 1 }, { count: 1 }]);
	});

	it("are forgotten when the window is over", async () => {
		const alice = await freshUser();
		await failed(`username ${alice}`, 10);
		await env.DB.prepare("UPDATE attempts SET forgotten_at = unixepoch()").run();
		expect(await attempt(alice, PASSWORD)).toMatchObject({ status: 200 });
		expect(
			await env.DB.prepare("SELECT count(*) AS n FROM attempts WHERE forgotten_at <= unixepoch()").first("n"),
		).toBe(0);
	});
});

describe("sign-ups", () => {
	it("are refused after ten from an address", async () => {
		const address = freshAddress();
		await failed(`sign-up ${address}`, 10);
		const body = { username: "one-too-many", password: PASSWORD };
		const answer = await post("/signup", body, { SIGN_UP: "on" }, { "CF-Connecting-IP": address });
		expect(answer).toMatchObject({ status: 429, body: { code: "too_many_attempts" } });
	});
});

describe("an address", () => {
	it.each([
		["192.0.2.7", "192.0.2.7"],
		["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
		["2001:db8::6", "2001:db8:0:0::/64"],
		["::1", "0:0:0:0::/64"],
	])("%s counts as %s", (address, counted) => {
		expect(network(address)).toBe(counted);
	});
});
