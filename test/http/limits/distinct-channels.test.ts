import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../../src/http/app.ts";
import { DistinctChannels } from "../../../src/http/limits/distinct-channels.ts";
import { advanceClock } from "../../support/clock.ts";
import { freshChannel, problem } from "../../support/service.ts";

const MINUTES = 60_000;

afterEach(() => {
	vi.useRealTimers();
});

describe("DistinctChannels", () => {
	it("admits a user to so many channels, and to those again and again", () => {
		const distinct = new DistinctChannels();
		expect(distinct.admit("alice", ["a", "b"], 3, 0)).toBe(true);
		expect(distinct.admit("alice", ["b", "c"], 3, 1)).toBe(true);
		expect(distinct.admit("alice", ["d"], 3, 2)).toBe(false);
		expect(distinct.admit("alice", ["a", "b", "c"], 3, 3)).toBe(true);
	});

	it("notes nothing of what it refuses", () => {
		const distinct = new DistinctChannels();
		expect(distinct.admit("alice", ["a", "b", "c", "d"], 3, 0)).toBe(false);
		expect(distinct.admit("alice", ["e", "f", "g"], 3, 1)).toBe(true);
	});

	it("counts each user by itself, and begins anew after ten minutes", () => {
		const distinct = new DistinctChannels();
		expect(distinct.admit("alice", ["a"], 1, 0)).toBe(true);
		expect(distinct.admit("bob", ["b"], 1, 0)).toBe(true);
		expect(distinct.admit("alice", ["b"], 1, 10 * MINUTES - 1)).toBe(false);
		expect(distinct.admit("alice", ["b"], 1, 10 * MINUTES)).toBe(true);
		expect(distinct.admit("alice", ["a"], 1, 10 * MINUTES)).toBe(false);
	});

	it("forgets the users that it noted first, once it remembers 8 MB, and never the latest", () => {
		const distinct = new DistinctChannels();
		const long = "x".repeat(1_000_000);
		const users = Array.from({ length: 10 }, (_, index) => `${index}${long}`);
		for (const user of users) expect(distinct.admit(user, ["a"], 1, 0)).toBe(true);
		expect(users.map((user) => distinct.admit(user, ["b"], 1, 1)).indexOf(false)).toBe(-1);
		expect(distinct.admit(users.at(-1) ?? "", ["c"], 1, 2)).toBe(false);
	});
});

describe("a user who opens ever more channels", () => {
	async function open(...channels: string[]): Promise<Response> {
		const authenticate = () => ({ sub: "walker", channels: ["*"], expires: Date.now() / 1000 + 3600 });
		const query = channels.map((channel) => `channel=${channel}`).join("&");
		const request = new Request(`http://tidings.test/events?token=x&${query}`);
		const settings = { ...env, MAX_CHANNELS_PER_USER: "3" };
		const response = await createApp({ authenticate }).fetch(request, settings, createExecutionContext());
		if (response.ok) await response.body?.cancel();
		return response;
	}

	it("is refused the one above MAX_CHANNELS_PER_USER, keeps the others, and may open new ones ten minutes later", async () => {
		const [a, b, c, d] = [freshChannel(), freshChannel(), freshChannel(), freshChannel()];
		expect((await open(a)).status).toBe(200);
		expect((await open(b, c)).status).toBe(200);
		const refused = await open(d);
		expect(refused.headers.get("Retry-After")).toBe("10");
		expect(await problem(refused)).toMatchObject({ status: 429, code: "rate_limited" });
		expect((await open(c, a)).status).toBe(200);
		advanceClock(600);
		expect((await open(d)).status).toBe(200);
	});
});
