import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchChromium } from "../e2e/support/chromium.ts";
import { PUBLISH_KEY, type Service, startService } from "../e2e/support/servers.ts";
import { eventually, ROOT, type Run, runNode, urlOf } from "./support/run.ts";

describe("the job and its page", () => {
	it("have fifty lines in all", () => {
		const folder = join(ROOT, "examples/progress");
		const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
		expect(files.join("").match(/\n/g)?.length).toBeLessThanOrEqual(50);
	});
});

describe.skipIf(!hasChromium)("the progress bar", () => {
	let service: Service;
	let browser: Browser;

	beforeAll(async () => {
		service = await startService({ RETRY_MILLISECONDS: "50" });
		browser = await launchChromium();
	});

	afterAll(async () => {
		await browser.close();
		await service.stop();
	});

	const start = (settings: Record<string, string> = {}): Run =>
		runNode("progress/job.ts", {
			TIDINGS_URL: service.url,
			TIDINGS_KEY: PUBLISH_KEY,
			PORT: "0",
			STEP_MILLISECONDS: "20",
			...settings,
		});
	const value = (page: Page) => page.locator("progress").evaluate((bar: HTMLProgressElement) => bar.value);
	const output = (page: Page) => page.locator("output").textContent();

	/** Loads the page, and counts how often it asks for its stream. */
	async function open(job: Run): Promise<{ page: Page; streams: () => number }> {
		const page = await browser.newPage();
		let streams = 0;
		page.on("request", (request) => {
			if (request.url().startsWith(`${service.url}/events`)) streams += 1;
		});
		await page.goto(await urlOf(job));
		return { page, streams: () => streams };
	}

	it("goes on where it was when the page is loaded again, and is done at the end", async () => {
		const { page, streams } = await open(start());
		await eventually(() => value(page)).toBeGreaterThan(10);
		const before = await value(page);
		await page.reload();
		await eventually(() => value(page)).toBeGreaterThan(0);
		expect(await value(page)).toBeGreaterThanOrEqual(before);
		await eventually(() => output(page)).toBe("Done.");
		expect(await value(page)).toBe(100);
		expect(streams()).toBe(2);

		await page.reload();
		await eventually(() => output(page)).toBe("Done.");
		expect(await value(page)).toBe(100);
		expect(await page.evaluate("source.readyState")).toBe(2);
		await page.close();
	});

	it("says that the job has stopped when it was killed", async () => {
		const job = start({ LEASE_SECONDS: "1" });
		const { page } = await open(job);
		await eventually(() => value(page)).toBeGreaterThan(0);
		job.signal("SIGKILL");
		await eventually(() => output(page)).toBe("The job has stopped.");
		expect(await value(page)).toBeLessThan(100);
		expect(await page.evaluate("source.readyState")).toBe(2);
		await page.close();
	});
});
