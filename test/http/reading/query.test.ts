import { beforeAll, describe, expect, it } from "vitest";
import { queryOf, readQuery } from "../../../src/http/reading/query.ts";
import { TestIssuer } from "../../support/issuer.ts";
import { call, freshChannel, PUBLISH_KEY, problem, subscribe } from "../../support/service.ts";

const key = { Authorization: `Bearer ${PUBLISH_KEY}` };

let issuer: TestIssuer;
let alice: string;

beforeAll(async () => {
	issuer = await TestIssuer.start();
	alice = await issuer.token();
});

describe("queryOf", () => {
	it.each([
		["http://x/events", ""],
		["http://x/events?", ""],
		["http://x/events?a=1?2", "a=1?2"],
		["http://x/events?a=1#?b", "a=1"],
		["http://x/events#?a=1", ""],
	])("reads %s", (url, query) => {
		expect(queryOf(url)).toBe(query);
	});
});

describe("readQuery", () => {
	it("lets names pass that others add", () => {
		const url = "http://x/events?a=1&utm_source=mail&_=1795223089";
		expect(readQuery(url, ["a"])).toEqual({ a: "1", utm_source: "mail", _: "1795223089" });
	});

	it("compares a few unknown names only", () => {
		const strangers = Array.from({ length: 32 }, (_, index) => `stranger-${index}=1`).join("&");
		expect(() => readQuery(`http://x/?${strangers}&tpye=1`, ["type"])).not.toThrow();
		expect(() => readQuery(`http://x/?tpye=1&${strangers}`, ["type"])).toThrow("Did you mean `type`?");
	});
});

describe("a query that is not percent-encoded UTF-8", () => {
	it.each([
		["GET", "/events?channel=orders&type=caf%E9", "user"],
		["GET", "/events?channel=orders&type=100%", "user"],
		["GET", "/events?channel=orders&lastEventId=%ED%A0%80", "user"],
		["GET", "/events?channel=orders&token=%E9", "none"],
		["GET", "/events?channel=orders&ticket=%C0%80", "none"],
		["GET", "/events?channel=orders&whatever=%FF", "user"],
		["DELETE", "/channels/orders/subscribers?user=jos%E9", "key"],
		["DELETE", "/channels/orders/subscribers?connection=%", "key"],
		["GET", "/channels/orders/events?after=%E9", "key"],
		["GET", "/metrics?channel=%E9", "key"],
		["POST", "/channels/orders/events?type=caf%E9", "key"],
	] as const)("is refused: %s %s", async (method, path, credential) => {
		const authorization = { user: { Authorization: `Bearer ${alice}` }, key, none: {} }[credential];
		const headers = { ...authorization, "Content-Type": "text/plain" };
		const response = await call(path, { method, headers, ...(method === "POST" && { body: "hello" }) });
		expect(await problem(response)).toMatchObject({
			status: 400,
			code: "invalid_request",
			detail: expect.stringContaining("percent-encoded UTF-8"),
		});
	});

	it("ends nobody's streams, and the right encoding ends them", async () => {
		const channel = freshChannel();
		const josé = await issuer.token({ sub: "josé" });
		const stream = await subscribe(`/events?channel=${channel}`, josé);
		await stream.expect("connected");
		const end = (user: string): Promise<Response> =>
			call(`/channels/${channel}/subscribers?user=${user}`, { method: "DELETE", headers: key });
		expect((await end("jos%E9")).status).toBe(400);
		expect(await (await end("jos%C3%A9")).json()).toEqual({ channel, ended: 1 });
		await stream.expect("closing");
	});

	it("is refused as a form too", async () => {
		for (const body of ["data=hello&user=jos%E9", "data=100%", "d%FF=1&data=2"]) {
			const response = await call("/channels/orders/events", {
				method: "POST",
				headers: { ...key, "Content-Type": "application/x-www-form-urlencoded" },
				body,
			});
			expect(await problem(response)).toMatchObject({
				status: 400,
				code: "invalid_event",
				detail: expect.stringContaining("of the form is not percent-encoded UTF-8"),
			});
		}
	});
});

describe("a query with a misspelt name", () => {
	it.each([
		["GET", "/events?channel=orders&Last-Event-Id=7", "lastEventId"],
		["GET", "/events?channel=orders&last-event-id=7", "lastEventId"],
		["GET", "/events?channels=orders", "channel"],
		["GET", "/events?channel=orders&types=a", "type"],
		["GET", "/events?channel=orders&Rewind=all", "rewind"],
		["GET", "/events?channel=orders&Token=x", "token"],
		["DELETE", "/channels/orders/subscribers?user=alice&Connection=x", "connection"],
		["GET", "/channels/orders/events?limits=5", "limit"],
		["GET", "/metrics?chanel=orders", "channel"],
		["POST", "/channels/orders/events?Type=order", "type"],
	])("is refused with the right one: %s %s", async (method, path, name) => {
		const credential = path.startsWith("/events") ? alice : PUBLISH_KEY;
		const headers = { Authorization: `Bearer ${credential}`, "Content-Type": "text/plain" };
		const response = await call(path, { method, headers, ...(method === "POST" && { body: "hello" }) });
		expect(await problem(response)).toMatchObject({
			status: 400,
			code: "invalid_request",
			detail: expect.stringContaining(`Did you mean \`${name}\`?`),
		});
	});

	it("is not one that others add", async () => {
		const stream = await subscribe(`/events?channel=${freshChannel()}&utm_source=mail&_=17952&r=0.5`, alice);
		await stream.expect("connected");
		await stream.close();
	});
});

describe("a parameter that may come once", () => {
	it.each([
		["GET", "/channels/orders/events?limit=1&limit=2"],
		["GET", "/channels/orders/events?after=1&after=2"],
		["POST", "/channels/orders/events?type=a&type=b"],
	])("is refused when it comes twice: %s %s", async (method, path) => {
		const headers = { ...key, "Content-Type": "text/plain" };
		const response = await call(path, { method, headers, ...(method === "POST" && { body: "hello" }) });
		expect(await problem(response)).toMatchObject({ status: 400, code: "invalid_request" });
	});
});
