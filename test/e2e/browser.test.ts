import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BarePage } from "./support/bare-page.ts";
import { hasChromium, launchChromium, openInChromium } from "./support/chromium.ts";
import { CuttableProxy } from "./support/cuttable-proxy.ts";
import { hasFirefox, openInFirefox } from "./support/firefox.ts";
import {
	DELIVERY,
	endChannel,
	PUBLISH_KEY,
	publish,
	type Service,
	startService,
	ticketOf,
	tokenOf,
} from "./support/servers.ts";

declare global {
	interface Window {
		received: { type: string; id: string; data: string }[];
		source: EventSource;
	}
}

let service: Service;

beforeAll(async () => {
	service = await startService({ RETRY_MILLISECONDS: "50" });
});

afterAll(() => service.stop());

describe.skipIf(!hasChromium)("a page in Chromium", () => {
	let browser: Browser;
	// A page of another origin than the service.
	const site = createServer((_, response) => response.end("<title>a page</title>"));

	beforeAll(async () => {
		await once(site.listen(0, "127.0.0.1"), "listening");
		browser = await launchChromium();
	});

	afterAll(async () => {
		await browser.close();
		site.close();
	});

	/** A page with an EventSource of its own. */
	async function openPage(url: string): Promise<Page> {
		const page = await browser.newPage();
		await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}`);
		await page.evaluate((url) => {
			window.received = [];
			window.source = new EventSource(url);
			for (const type of ["connected", "gap", "order", "message"]) {
				window.source.addEventListener(type, ({ lastEventId, data }) => {
					window.received.push({ type, id: lastEventId, data });
				});
			}
		}, url);
		return page;
	}

	const waitFor = (page: Page, type: string, count: number) =>
		page.waitForFunction(([type, count]) => window.received.filter((event) => event.type === type).length >= count, [
			type,
			count,
		] as const);

	it("subscribes with a ticket, is cut off, resumes, and has missed nothing", async () => {
		const proxy = await CuttableProxy.to(service.url);
		const ticket = await ticketOf(service, await tokenOf(service, "alice"), { resumable: true });
		const page = await openPage(`${proxy.url}/events?channel=orders&ticket=${ticket}`);
		await waitFor(page, "connected", 1);
		const ids = await publish(service, "orders", { type: "order", data: { n: 1 } });
		await waitFor(page, "order", 1);

		proxy.cut();
		ids.push(
			...(await publish(service, "orders", [
				{ type: "order", data: { n: 2 } },
				{ type: "order", data: { n: 3 } },
			])),
		);
		proxy.mend();
		await waitFor(page, "connected", 2);
		ids.push(...(await publish(service, "orders", { type: "order", data: { n: 4 } })));
		await waitFor(page, "order", 4);

		const received = await page.evaluate(() => window.received);
		const orders = received.filter(({ type }) => type === "order");
		expect(orders.map(({ data }) => JSON.parse(data).n)).toEqual([1, 2, 3, 4]);
		expect(orders.map(({ id }) => id)).toEqual(ids);
		expect(received.filter(({ type }) => type === "gap")).toEqual([]);
		await page.close();
		await proxy.stop();
	});

	it("gets every character as it was published", async () => {
		const channel = "chat:characters";
		const ticket = await ticketOf(service, await tokenOf(service, "alice"));
		const page = await openPage(`${service.url}/events?channel=${channel}&ticket=${ticket}`);
		await waitFor(page, "connected", 1);
		const texts = [
			"",
			" leading",
			"a\nb\n\nc\n",
			"\u2028\u2029",
			"id: 7\n\nevent: forged",
			"\ufeffbom",
			"\u0000nul",
			"😀",
		];
		await publish(
			service,
			channel,
			texts.map((data) => ({ data })),
		);
		await waitFor(page, "message", texts.length);
		const received = await page.evaluate(() => window.received);
		expect(received.filter(({ type }) => type === "message").map(({ data }) => data)).toEqual(texts);
		await page.close();
	});

	it("comes back with a cursor of `connected` when it was cut off before its first event", async () => {
		const proxy = await CuttableProxy.to(service.url);
		const ticket = await ticketOf(service, await tokenOf(service, "alice"), { resumable: true });
		const page = await openPage(`${proxy.url}/events?channel=chat:early&ticket=${ticket}`);
		await waitFor(page, "connected", 1);
		proxy.cut();
		await publish(service, "chat:early", { data: "missed?" });
		proxy.mend();
		await waitFor(page, "message", 1);
		const [message] = await page.evaluate(() => window.received.filter(({ type }) => type === "message"));
		expect(message?.data).toBe("missed?");
		await page.close();
		await proxy.stop();
	});
});

/** Longer than any browser waits until it asks again: 50 ms, as it is told here, but Firefox at least half a second. */
const LONG_AFTER_RETRY = 3000;
/** The values of `readyState`. */
const [CONNECTING, OPEN, CLOSED] = [0, 1, 2];
/** A browser takes a while to start. */
const PATIENCE = { timeout: 60_000 };

/** Firefox takes long to start, so it is started for one way of delivery only. */
const BROWSERS = [
	{ name: "Chromium", isThere: hasChromium, openPages: openInChromium },
	...(DELIVERY === "direct" ? [{ name: "Firefox", isThere: hasFirefox, openPages: openInFirefox }] : []),
];

describe.concurrent.each(BROWSERS)(
	"a page in $name with nothing but an EventSource",
	({ name, isThere, openPages }) => {
		it.skipIf(!isThere)("stops for good when its channel has ended", async ({ expect }) => {
			const ticket = await ticketOf(service, PUBLISH_KEY, { user: "alice", channels: ["answer:*"], resumable: true });
			/** It gets two events, and then the end. */
			const openPage = async (channel: string, query = "") => {
				const page = await BarePage.of(`${service.url}/events?channel=${channel}&rewind=all&ticket=${ticket}${query}`);
				const ids = await publish(service, channel, [{ data: "a" }, { data: "b" }]);
				return { channel, page, ids };
			};
			const told = await openPage(`answer:told-${name}`);
			const cut = await openPage(`answer:cut-${name}`);
			const plain = await openPage(`answer:plain-${name}`, "&control=0");
			const all = [told, cut, plain];

			const close = await openPages(all.map(({ page }) => page.url));
			for (const { page } of all) await expect.poll(() => page.seen, PATIENCE).toHaveLength(2);
			cut.page.cut();
			for (const { channel } of all) await endChannel(service, channel);
			cut.page.mend();

			const events = ["a", "b"].map((data) => ({ type: "message", data, state: OPEN }));
			const closing = { type: "closing", data: '{"reason":"ended","reconnect":false}', state: OPEN };
			const dropped = { type: "error", state: CONNECTING };
			const stopped = { type: "error", state: CLOSED };
			await expect.poll(() => told.page.seen, PATIENCE).toEqual([...events, closing, dropped]);
			for (const { page } of [cut, plain])
				await expect.poll(() => page.seen, PATIENCE).toEqual([...events, dropped, stopped]);
			await new Promise((resolve) => setTimeout(resolve, LONG_AFTER_RETRY));
			expect(told.page.cursors).toEqual([undefined]);
			for (const { page, ids } of [cut, plain]) expect(page.cursors).toEqual([undefined, ids[1]]);

			await close();
			for (const { page } of all) page.stop();
		});
	},
);
