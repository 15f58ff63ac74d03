import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchChromium } from "./support/chromium.ts";
import { CuttableProxy } from "./support/cuttable-proxy.ts";
import { publish, type Service, startService, ticketOf, tokenOf } from "./support/servers.ts";

declare global {
	interface Window {
		received: { type: string; id: string; data: string }[];
		source: EventSource;
	}
}

describe.skipIf(!hasChromium)("a page in Chromium", () => {
	let service: Service;
	let browser: Browser;
	// A page of another origin than the service.
	const site = createServer((_, response) => response.end("<title>a page</title>"));

	beforeAll(async () => {
		service = await startService({ RETRY_MILLISECONDS: "50" });
		await once(site.listen(0, "127.0.0.1"), "listening");
		browser = await launchChromium();
	});

	afterAll(async () => {
		await browser.close();
		site.close();
		await service.stop();
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
