import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { ChannelObject } from "../../src/channel/channel.ts";
import { TestIssuer } from "../support/issuer.ts";
import { CHANNELS_SLEEP, freshChannel, published, subscribe } from "../support/service.ts";

it("explores", async () => {
	const { default: page } = await import("../../README.md?raw" as string);
	console.log(page.slice(0, 40));
	const issuer = await TestIssuer.start();
	const alice = await issuer.token();
	const channel = freshChannel();
	const spies = Object.getOwnPropertyNames(ChannelObject.prototype)
		.filter((n) => n !== "constructor")
		.map((n) => [n, vi.spyOn(ChannelObject.prototype, n as "state")] as const);
	const cursors: any[] = [];
	await runInDurableObject(env.CHANNEL.getByName(channel), (_, { storage }) => {
		const { sql } = storage;
		const exec = sql.exec.bind(sql);
		sql.exec = ((q: string, ...b: unknown[]) => {
			const c = exec(q, ...b);
			cursors.push([q, c]);
			return c;
		}) as typeof sql.exec;
		const set = storage.setAlarm.bind(storage);
		storage.setAlarm = async (...a) => {
			cursors.push(["setAlarm", { rowsWritten: 1, rowsRead: 0 }]);
			return set(...a);
		};
	});
	const report = (what: string) => {
		console.log(CHANNELS_SLEEP, what, spies.map(([n, s]) => [n, s.mock.calls.length]).filter(([, c]) => c).join(" "), "\n" +
			cursors.map(([q, c]) => `  ${q.trim().slice(0, 60).replace(/\s+/g, " ")} w${c.rowsWritten} r${c.rowsRead}`).join("\n"));
		cursors.length = 0;
		for (const [, s] of spies) s.mockClear();
	};
	const one = await subscribe(`/events?channel=${channel}`, alice);
	await one.expect("connected");
	report("first stream");
	const two = await subscribe(`/events?channel=${channel}`, alice);
	await two.expect("connected");
	report("second stream");
	await published(channel, { data: 1 });
	report("publish");
	await published(channel, Array.from({ length: 10 }, (_, i) => ({ data: i })));
	report("batch");
	await one.close();
	await two.close();
	await published(channel, { data: 1 });
	await scheduler.wait(50);
	await published(channel, { data: 1 });
	await scheduler.wait(50);
	report("left");
	const three = await subscribe(`/events?channel=${channel}`, alice);
	await three.expect("connected");
	report("again");
	expect(1).toBe(1);
});
