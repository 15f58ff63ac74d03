import { beforeAll, describe, expect, it } from "vitest";
import {
	call,
	freshChannel,
	newUser,
	open,
	PUBLISH_KEY,
	problem,
	publish,
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

describe("presence=1", () => {
	it("tells who comes and who goes", async () => {
		const channel = freshChannel();
		const watcher = await subscribe(`/events?channel=${channel}&presence=1`, alice);
		await watcher.expect("connected");
		const stream = await subscribe(`/events?channel=${channel}`, bob);
		expect((await watcher.expect("presence")).data).toEqual({ channel, user: bob.name, state: "online" });
		await stream.close();
		await published(channel, { data: "finds that bob has left" });
		const frames = await watcher.take(2);
		expect(frames.find(({ event }) => event === "presence")?.data).toBe(
			JSON.stringify({ channel, user: bob.name, state: "offline" }),
		);
		await watcher.close();
	});

	it("counts a user with several streams once", async () => {
		const channel = freshChannel();
		const watcher = await subscribe(`/events?channel=${channel}&presence=1`, alice);
		await watcher.expect("connected");
		const one = await subscribe(`/events?channel=${channel}`, bob);
		const other = await subscribe(`/events?channel=${channel}`, bob);
		expect((await watcher.expect("presence")).data).toMatchObject({ user: bob.name, state: "online" });
		await one.close();
		await published(channel, { data: "finds that one has left" });
		expect((await watcher.next()).data).toBe("finds that one has left");
		await other.close();
		await published(channel, { data: "finds that the other has left" });
		const frames = await watcher.take(2);
		expect(frames.map(({ event }) => event ?? "message").sort()).toEqual(["message", "presence"]);
		await watcher.close();
	});

	it("tells at first who is there already, and nobody of themselves", async () => {
		const channel = freshChannel();
		const stream = await subscribe(`/events?channel=${channel}`, bob);
		const former = await subscribe(`/events?channel=${channel}`, alice);
		const watcher = await subscribe(`/events?channel=${channel}&presence=1`, alice);
		await watcher.expect("connected");
		expect((await watcher.expect("presence")).data).toEqual({ channel, user: bob.name, state: "online" });
		await published(channel, { data: "next" });
		expect((await watcher.next()).data).toBe("next");
		for (const each of [stream, former, watcher]) await each.close();
	});

	it("tells of each channel of a stream", async () => {
		const channels = [freshChannel("chat:a"), freshChannel("chat:b")];
		const watcher = await subscribe(`/events?channel=${channels[0]}&channel=${channels[1]}&presence=1`, alice);
		await watcher.expect("connected");
		const stream = await subscribe(`/events?channel=${channels[1]}`, bob);
		expect((await watcher.expect("presence")).data).toEqual({ channel: channels[1], user: bob.name, state: "online" });
		await stream.close();
		await watcher.close();
	});

	it("comes with the cursor of that moment, past what was withheld and before what follows", async () => {
		const channel = freshChannel();
		const watcher = await subscribe(`/events?channel=${channel}&presence=1&type=order`, alice);
		await watcher.expect("connected");
		const [, withheld] = await published(channel, [{ type: "order", data: 1 }, { data: "withheld" }]);
		await watcher.expect("order");
		const stream = await subscribe(`/events?channel=${channel}`, bob);
		const { id = "" } = await watcher.expect("presence");
		expect(id).toBe(withheld);
		await watcher.close();
		await published(channel, { type: "order", data: 2 });
		const again = await subscribe(`/events?channel=${channel}`, alice, { "Last-Event-ID": id });
		expect(await again.expect("connected")).toMatchObject({ data: { resumed: true } });
		expect((await again.next()).data).toBe("2");
		await stream.close();
		await again.close();
	});

	it("comes with the cursor of all channels of its stream", async () => {
		const channels = [freshChannel("chat:a"), freshChannel("chat:b")];
		const path = `/events?channel=${channels[0]}&channel=${channels[1]}`;
		const watcher = await subscribe(`${path}&presence=1`, alice);
		await watcher.expect("connected");
		await published(channels[0] ?? "", { data: "read" });
		const { id: read } = await watcher.next();
		const stream = await subscribe(`/events?channel=${channels[1]}`, bob);
		const { id = "" } = await watcher.expect("presence");
		expect(id).toBe(read);
		await watcher.close();
		await published(channels[1] ?? "", { data: "missed" });
		const again = await subscribe(path, alice, { "Last-Event-ID": id });
		expect(await again.expect("connected")).toMatchObject({ data: { resumed: true } });
		expect((await again.next()).data).toBe("missed");
		await stream.close();
		await again.close();
	});

	it("is not told to those who did not ask", async () => {
		const channel = freshChannel();
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		await stream.expect("connected");
		const other = await subscribe(`/events?channel=${channel}`, bob);
		await published(channel, { data: "first" });
		expect((await stream.next()).data).toBe("first");
		await stream.close();
		await other.close();
	});

	it("needs the grant of the channel", async () => {
		const response = await open("/events?channel=secret&presence=1", alice);
		expect(await problem(response)).toMatchObject({ status: 403, code: "insufficient_scope" });
	});

	it("is a type that nobody can publish", async () => {
		expect(await problem(await publish(freshChannel(), { type: "presence", data: 1 }))).toMatchObject({
			code: "invalid_event",
		});
	});
});

describe("inbox=1", () => {
	it("adds the caller's personal channel without naming it", async () => {
		const channel = freshChannel();
		const user = await newUser("auth0|7");
		const stream = await subscribe(`/events?channel=${channel}&inbox=1`, user);
		const { channels } = (await stream.expect("connected")).data as { channels: string[] };
		expect(channels).toEqual([channel, user.personal].sort());
		const response = await call(`/users/${encodeURIComponent(user.name)}/events`, {
			method: "POST",
			headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "text/plain" },
			body: "for you",
		});
		expect(await response.json()).toMatchObject({ channel: user.personal, subscribers: 1 });
		expect((await stream.next()).data).toBe("for you");
		await stream.close();
	});

	it("is enough by itself", async () => {
		const stream = await subscribe("/events?inbox=1", bob);
		expect(await stream.expect("connected")).toMatchObject({ data: { channels: [bob.personal] } });
		await stream.close();
	});

	it("asks for the grant as any channel does", async () => {
		const ticket = await call("/tickets", {
			method: "POST",
			headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "application/json" },
			body: JSON.stringify({ user: alice.name, channels: [freshChannel()] }),
		});
		const { ticket: text } = (await ticket.json()) as { ticket: string };
		expect(await problem(await call(`/events?inbox=1&ticket=${text}`))).toMatchObject({ code: "insufficient_scope" });
	});
});
