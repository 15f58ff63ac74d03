import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchChromium } from "../e2e/support/chromium.ts";
import { CuttableProxy } from "../e2e/support/cuttable-proxy.ts";
import { PUBLISH_KEY, publish, type Service, startService } from "../e2e/support/servers.ts";
import { eventually, type Run, runNode, urlOf } from "./support/run.ts";

const REMEMBERED = 5;

describe.skipIf(!hasChromium)("the HTML page", () => {
	let service: Service;
	let proxy: CuttableProxy;
	let backend: Run;
	let browser: Browser;

	beforeAll(async () => {
		service = await startService({ RETRY_MILLISECONDS: "50", REPLAY_EVENTS: `${REMEMBERED}` });
		proxy = await CuttableProxy.to(service.url);
		backend = serve(PUBLISH_KEY);
		browser = await launchChromium();
	});

	afterAll(async () => {
		await browser.close();
		await proxy.stop();
		await service.stop();
	});

	function serve(key: string): Run {
		return runNode("html/server.ts", { TIDINGS_URL: proxy.url, TIDINGS_KEY: key, PORT: "0" });
	}

	async function open(backend: Run): Promise<Page> {
		const page = await browser.newPage();
		await page.goto(await urlOf(backend));
		return page;
	}

	const state = (page: Page) => page.locator("output").textContent();
	const items = (page: Page) => page.locator("li").allTextContents();

	/** Publishes orders, and answers with what the page shows of them. */
	async function publishOrders(...orders: number[]): Promise<string[]> {
		const ids = await publish(
			service,
			"orders",
			orders.map((id) => ({ type: "order", data: { id } })),
		);
		return ids.map((id, index) => `${id} order {"id":${orders[index]}}`);
	}

	it("shows events as they come, and all of those that came while it was cut off", async () => {
		const page = await open(backend);
		await eventually(() => state(page)).toBe("open");
		const shown = await publishOrders(1);
		await eventually(() => items(page)).toEqual(shown);

		proxy.cut();
		await eventually(() => state(page)).toMatch(/^waiting \(.+\)$/);
		shown.push(...(await publishOrders(2, 3)));
		proxy.mend();
		await eventually(() => state(page)).toBe("open");
		shown.push(...(await publishOrders(4)));
		await eventually(() => items(page)).toEqual(shown);
		await page.close();
	});

	it("says so when it was away for longer than the channel remembers", async () => {
		const page = await open(backend);
		await eventually(() => state(page)).toBe("open");
		proxy.cut();
		await publishOrders(1);
		const remembered = await publishOrders(...Array.from({ length: REMEMBERED }, (_, index) => 2 + index));
		proxy.mend();
		await eventually(() => items(page)).toEqual(["Events of orders were missed: trimmed.", ...remembered]);
		await page.close();
	});

	it("goes on where it was when it is loaded again", async () => {
		const page = await open(backend);
		await eventually(() => state(page)).toBe("open");
		const [first] = await publishOrders(1);
		await eventually(() => items(page)).toEqual([first]);
		await page.goto("about:blank");
		const missed = await publishOrders(2, 3);
		await page.goBack();
		await eventually(() => items(page)).toEqual(missed);
		await page.close();
	});

	it("says so when its backend has a wrong key, whose log has the reason", async () => {
		const misled = serve("a-publish-key-that-was-never-given-out");
		const page = await open(misled);
		await eventually(() => state(page)).toBe("waiting (There is no ticket: 502.)");
		expect(misled.stderr).toContain("invalid_token");
		await page.close();
	});
});
