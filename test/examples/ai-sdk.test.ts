import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { ANSWER } from "../../examples/ai-sdk/model.ts";
import { PUBLISH_KEY, Workerd } from "../../scripts/workerd.ts";
import { hasChromium, launchChromium } from "../e2e/support/chromium.ts";
import { eventually, type Run, runNode, urlOf } from "./support/run.ts";

describe.skipIf(!hasChromium)("the chat with the AI SDK", () => {
	let service: Workerd;
	let server: Run;
	let url: string;
	let browser: Browser;
	let chats = 0;

	beforeAll(async () => {
		service = await Workerd.start({ CORS_ORIGINS: "*", RETRY_MILLISECONDS: "50" }, { built: inject("built") });
		const settings = { TIDINGS_URL: service.url, TIDINGS_KEY: PUBLISH_KEY, PORT: "0", WORD_MILLISECONDS: "150" };
		server = runNode("ai-sdk/serve.ts", settings);
		url = await urlOf(server);
		browser = await launchChromium();
	});

	afterAll(async () => {
		await browser.close();
		await service.stop();
	});

	/** Opens a chat of its own in a tab, and sends a message. */
	async function ask(): Promise<{ page: Page; chat: string; calls: () => number }> {
		chats += 1;
		const chat = `${url}/?chat=${chats}`;
		const before = calls();
		const page = await browser.newPage();
		await page.goto(chat);
		await page.getByLabel("Message").fill("What is this?");
		await page.getByRole("button", { name: "Send" }).click();
		return { page, chat, calls: () => calls() - before };
	}

	/** How often the model was called. */
	const calls = () => server.stdout.match(/The model was called/g)?.length ?? 0;
	const texts = (page: Page) => page.locator("main > p").allTextContents();
	const status = (page: Page) => page.locator("output").textContent();
	const inTheMiddle = (page: Page) => eventually(async () => `${(await texts(page))[1]}`).toContain("only pretends");
	const isComplete = async (page: Page) => {
		await eventually(() => texts(page)).toEqual(["What is this?", ANSWER]);
		await eventually(() => status(page)).toBe("ready");
	};

	it("goes on with an answer where it was when the page is loaded again, and when a second tab is opened", async () => {
		const { page, chat, calls } = await ask();
		await inTheMiddle(page);
		await page.reload();
		const second = await browser.newPage();
		await second.goto(chat);
		await inTheMiddle(second);
		expect((await texts(second))[1]?.length).toBeLessThan(ANSWER.length);
		await isComplete(page);
		await isComplete(second);
		await page.reload();
		await isComplete(page);
		expect(calls()).toBe(1);
	});

	it("stops an answer in every tab", async () => {
		const { page, chat, calls } = await ask();
		await inTheMiddle(page);
		const second = await browser.newPage();
		await second.goto(chat);
		await inTheMiddle(second);
		await second.getByRole("button", { name: "Stop" }).click();
		await eventually(() => status(page)).toBe("ready");
		await eventually(() => status(second)).toBe("ready");
		const stopped = await texts(page);
		expect(ANSWER).toMatch(new RegExp(`^${stopped[1]}.`));
		expect(await texts(second)).toEqual(stopped);
		await page.reload();
		await eventually(() => texts(page)).toEqual(stopped);
		expect(calls()).toBe(1);
	});

	it("goes on when tidings was killed in the middle and comes back, and asks the model once", async () => {
		const { page, calls } = await ask();
		await inTheMiddle(page);
		await service.kill();
		await service.restart();
		await isComplete(page);
		expect(calls()).toBe(1);
	});
});
