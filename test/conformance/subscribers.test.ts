import { beforeAll, describe, expect, it } from "vitest";
import type { SseReader } from "../support/sse.ts";
import {
	administer,
	freshChannel,
	newUser,
	open,
	problem,
	published,
	subscribe,
	type User,
} from "./support/service.ts";

let alice: User;
let bob: User;

beforeAll(async () => {
	alice = await newUser("alice");
	bob = await newUser("bob");
});

async function connectionOf(stream: SseReader): Promise<string> {
	return ((await stream.expect("connected")).data as { connection: string }).connection;
}

describe("GET /channels/{channel}/subscribers", () => {
	it("lists who has a stream open, and since when", async () => {
		const channel = freshChannel();
		const streams = [
			await subscribe(`/events?channel=${channel}`, alice),
			await subscribe(`/events?channel=${channel}`, bob),
		];
		const connections = await Promise.all(streams.map(connectionOf));
		const since = expect.any(Number);
		expect(await (await administer("GET", `/channels/${channel}/subscribers`)).json()).toEqual([
			{ connection: connections[0], user: alice.name, since },
			{ connection: connections[1], user: bob.name, since },
		]);
		for (const stream of streams) await stream.close();
	});

	it("lists nobody where nobody is", async () => {
		expect(await (await administer("GET", `/channels/${freshChannel()}/subscribers`)).json()).toEqual([]);
	});
});

describe("DELETE /channels/{channel}/subscribers", () => {
	it("ends a user's streams for good, and nobody else's", async () => {
		const channel = freshChannel();
		const mine = [
			await subscribe(`/events?channel=${channel}`, alice),
			await subscribe(`/events?channel=${channel}`, alice),
		];
		const other = await subscribe(`/events?channel=${channel}`, bob);
		const response = await administer("DELETE", `/channels/${channel}/subscribers?user=${alice.name}`);
		expect(await response.json()).toEqual({ channel, ended: 2 });
		for (const stream of mine) {
			const frames = await stream.rest();
			expect(frames.map(({ event }) => event)).toEqual(["connected", "closing"]);
			expect(JSON.parse(frames[1]?.data ?? "")).toEqual({ reason: "revoked", reconnect: false });
		}
		await published(channel, { data: "still here" });
		await other.expect("connected");
		expect((await other.next()).data).toBe("still here");
		await other.close();
	});

	it("tells clients that come back whatever `closing` says to wait for an hour, with their cursor", async () => {
		const channel = freshChannel();
		const [id] = await published(channel, { data: "read" });
		const response = await open(`/events?channel=${channel}&rewind=1`, alice);
		await administer("DELETE", `/channels/${channel}/subscribers?user=${alice.name}`);
		expect(await response.text()).toMatch(new RegExp(`\n\nretry: 3600000\nevent: closing\nid: ${id}\ndata: .*\n\n$`));
	});

	it("ends a single stream, whose client may not come back by itself but is not refused", async () => {
		const channel = freshChannel();
		const ended = await subscribe(`/events?channel=${channel}`, alice);
		const other = await subscribe(`/events?channel=${channel}`, alice);
		const connection = encodeURIComponent(await connectionOf(ended));
		const response = await administer("DELETE", `/channels/${channel}/subscribers?connection=${connection}`);
		expect(await response.json()).toEqual({ channel, ended: 1 });
		expect((await ended.rest()).map(({ event }) => event)).toEqual(["closing"]);
		await published(channel, { data: 1 });
		await other.expect("connected");
		expect((await other.next()).data).toBe("1");
		const back = await subscribe(`/events?channel=${channel}`, alice);
		for (const stream of [other, back]) await stream.close();
	});

	it.each(["", "?user=", "?user=*", "?user=%2A", "?user=a&connection=b", "?user=a&user=b", "?usr=a"])(
		"refuses %j, lest it end the wrong ones",
		async (query) => {
			const response = await administer("DELETE", `/channels/${freshChannel()}/subscribers${query}`);
			expect(await problem(response)).toMatchObject({ status: 400, code: "invalid_request" });
		},
	);
});
