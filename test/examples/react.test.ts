import type { Browser, Page } from "playwright-core";
import type { ConnectionState } from "tidings/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SharedConnection } from "../../examples/react/shared-connection.ts";
import { hasChromium, launchChromium } from "../e2e/support/chromium.ts";
import { CuttableProxy } from "../e2e/support/cuttable-proxy.ts";
import { logIn, publish, type Service, startService, subscribersOf } from "../e2e/support/servers.ts";
import { eventually, type Run, runNode, urlOf } from "./support/run.ts";

const REMEMBERED = 5;

describe.skipIf(!hasChromium)("the React page", () => {
	let service: Service;
	let proxy: CuttableProxy;
	let server: Run;
	let browser: Browser;
	let page: Page;
	let streams = 0;

	beforeAll(async () => {
		service = await startService({
			RETRY_MILLISECONDS: "50",
			HEARTBEAT_SECONDS: "1",
			REPLAY_EVENTS: `${REMEMBERED}`,
		});
		proxy = await CuttableProxy.to(service.url);
		server = runNode("react/serve.ts", { TIDINGS_URL: proxy.url, ISSUER_URL: service.issuerUrl, PORT: "0" });
		browser = await launchChromium();
		page = await browser.newPage();
		page.on("request", (request) => {
			if (request.method() === "GET" && request.url().startsWith(`${proxy.url}/events?`)) streams += 1;
		});
		await page.goto(await urlOf(server));
	});

	afterAll(async () => {
		await browser.close();
		await proxy.stop();
		await service.stop();
	});

	const state = () => page.locator("output").textContent();
	const orders = () => page.locator("li").allTextContents();
	const publishOrders = (...ids: number[]) =>
		publish(
			service,
			"orders",
			ids.map((id) => ({ type: "order", data: { id, state: "paid" } })),
		);

	it("opens one stream for both of its components, also in StrictMode", async () => {
		await eventually(state).toBe("open");
		expect(streams).toBe(1);
		expect(await subscribersOf(service, "orders")).toBe(1);
	});

	it("shows orders as they come, and all of those that came while it was cut off", async () => {
		await publishOrders(1);
		await eventually(orders).toEqual(["Order 1 is paid."]);
		proxy.cut();
		await eventually(state).toBe("waiting");
		await publishOrders(2, 3);
		proxy.mend();
		await publishOrders(4);
		await eventually(orders).toEqual([1, 2, 3, 4].map((id) => `Order ${id} is paid.`));
		expect(await page.getByRole("alert").count()).toBe(0);
	});

	it("says so when it was away for longer than the channel remembers", async () => {
		proxy.cut();
		await eventually(state).toBe("waiting");
		await publishOrders(...Array.from({ length: REMEMBERED + 1 }, (_, index) => 5 + index));
		proxy.mend();
		await eventually(() => page.getByRole("alert").allTextContents()).toEqual([expect.stringContaining("missing")]);
	});

	it("keeps its stream when one component takes the place of another", async () => {
		const states: ConnectionState[] = [];
		const getToken = () => logIn(service, "alice");
		const connection = new SharedConnection({ url: service.url, channels: ["chat:1"], getToken });
		const leave = connection.join({ onState: (state) => states.push(state) });
		await eventually(() => states.at(-1)?.name).toBe("open");
		leave();
		const leaveAgain = connection.join({ onState: (state) => states.push(state) });
		expect(states.at(-1)).toBe(states.at(-2));
		leaveAgain();
		await eventually(() => subscribersOf(service, "chat:1")).toBe(0);
	});

	it("closes its stream after the last component, and opens one with the next", async () => {
		await page.getByRole("button").click();
		await eventually(() => subscribersOf(service, "orders")).toBe(0);
		await page.getByRole("button").click();
		await eventually(state).toBe("open");
		expect(await subscribersOf(service, "orders")).toBe(1);
		await publishOrders(99);
		await eventually(orders).toEqual(["Order 99 is paid."]);
	});
});
