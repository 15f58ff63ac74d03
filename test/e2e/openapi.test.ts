import { Validator } from "@seriousme/openapi-schema-validator";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchChromium } from "./support/chromium.ts";
import { startServiceWithPages } from "./support/pages.ts";
import { PUBLISH_KEY, publish, type Service } from "./support/servers.ts";

const TIMEOUT_MILLISECONDS = 20_000;

let service: Service;

beforeAll(async () => {
	service = await startServiceWithPages();
});

afterAll(async () => {
	await service?.stop();
});

describe("GET /openapi.json", () => {
	it("is a valid OpenAPI 3.1 document", async () => {
		const document: Record<string, unknown> = await (await fetch(`${service.url}/openapi.json`)).json();
		const validator = new Validator();
		const { valid, errors } = await validator.validate(document);
		expect(errors).toBeUndefined();
		expect(valid).toBe(true);
		expect(validator.version).toBe("3.1");
	});
});

describe.skipIf(!hasChromium)("GET /docs", () => {
	let browser: Browser;

	beforeAll(async () => {
		browser = await launchChromium();
	});

	afterAll(async () => {
		await browser?.close();
	});

	/** The page in a tab of its own, and what went wrong there. */
	async function open(options: Parameters<Browser["newContext"]>[0] = {}): Promise<{ page: Page; mistakes: string[] }> {
		const context = await browser.newContext(options);
		context.setDefaultTimeout(TIMEOUT_MILLISECONDS);
		const page = await context.newPage();
		const mistakes: string[] = [];
		page.on("console", (message) => {
			if (["error", "warning"].includes(message.type())) mistakes.push(message.text());
		});
		page.on("pageerror", (error) => mistakes.push(error.message));
		page.on("request", (request) => {
			const url = new URL(request.url());
			if (url.protocol !== "data:" && url.origin !== service.url) mistakes.push(`asked ${url.origin}`);
		});
		await page.goto(`${service.url}/docs?url=https://elsewhere.example/&configUrl=https://elsewhere.example/`);
		await page.getByText("Publish to a channel").waitFor();
		return { page, mistakes };
	}

	async function authorise(page: Page, scheme: string, credential: string): Promise<void> {
		await page.getByRole("button", { name: "Authorize", exact: true }).click();
		const form = page.locator("form").filter({ has: page.getByRole("heading", { name: scheme }) });
		await form.getByRole("textbox").fill(credential);
		await form.getByRole("button", { name: /apply/i }).click();
		await page.getByRole("button", { name: "Close" }).first().click();
	}

	async function tryOut(page: Page, summary: string): Promise<void> {
		await page.getByText(summary).click();
		await page.getByRole("button", { name: "Try it out" }).click();
	}

	async function answer(page: Page): Promise<string> {
		await page.getByRole("button", { name: "Execute" }).click();
		return (await page.locator(".live-responses-table").textContent()) ?? "";
	}

	it("sends requests, and asks nobody but the service, whatever its own query says", async () => {
		const { page, mistakes } = await open();
		await authorise(page, "publishKey", PUBLISH_KEY);
		await tryOut(page, "How a channel stands");
		await page.getByPlaceholder("channel").fill("docs-page");
		expect(await answer(page)).toContain('"channel": "docs-page"');
		expect(mistakes).toEqual([]);
		await page.context().close();
	});

	it("shows the beginning of a stream", async () => {
		const [id = ""] = await publish(service, "docs-stream", { data: "hello from before" });
		const { page } = await open();
		const ticket = await fetch(`${service.url}/tickets`, {
			method: "POST",
			headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "application/json" },
			body: JSON.stringify({ user: "alice", channels: ["docs-stream"] }),
		});
		await authorise(page, "queryTicket", ((await ticket.json()) as { ticket: string }).ticket);
		await tryOut(page, "Open a stream of one or several channels");
		await page.getByRole("button", { name: "Add string item" }).first().click();
		await page.locator(".json-schema-form-item input").first().fill("docs-stream");
		await page.getByPlaceholder("rewind").fill("all");
		const text = await answer(page);
		expect(text).toContain("event: connected");
		expect(text).toContain(`id: ${id}`);
		await page.context().close();
	});

	it.each([
		[1280, "light"],
		[1280, "dark"],
		[390, "light"],
		[390, "dark"],
	] as const)("fits a window of %i pixels, and is %s where the system is", async (width, colorScheme) => {
		const { page, mistakes } = await open({ colorScheme, viewport: { width, height: 900 } });
		await page.getByText("Publish to a channel").click();
		await page.getByText("Where the events stand.").waitFor();
		const look = await page.evaluate(() => ({
			excess: document.documentElement.scrollWidth - document.documentElement.clientWidth,
			scheme: getComputedStyle(document.documentElement).colorScheme,
		}));
		expect(look.excess).toBe(0);
		expect(look.scheme === "dark").toBe(colorScheme === "dark");
		expect(mistakes).toEqual([]);
		await page.context().close();
	});
});
