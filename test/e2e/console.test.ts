import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchChromium } from "./support/chromium.ts";
import { CuttableProxy } from "./support/cuttable-proxy.ts";
import { startServiceWithPages } from "./support/pages.ts";
import { logIn, PUBLISH_KEY, publish, type Service, subscribersOf } from "./support/servers.ts";

/** The issuer that the service names: the one of these tests is at another port. */
const NAMED_ISSUER = "http://localhost:8788";
const TIMEOUT_MILLISECONDS = 20_000;

let service: Service;
let browser: Browser;
let channels = 0;

beforeAll(async () => {
	if (!hasChromium) return;
	service = await startServiceWithPages({ CONSOLE: "on", RETRY_MILLISECONDS: "50", REPLAY_EVENTS: "20" });
	browser = await launchChromium();
});

afterAll(async () => {
	await browser?.close();
	await service?.stop();
});

/** The console in a tab of its own. */
async function open({ url = service.url, ...options }: BrowserContextOptions & { url?: string } = {}): Promise<Page> {
	const context = await browser.newContext(options);
	context.setDefaultTimeout(TIMEOUT_MILLISECONDS);
	await context.route(`${NAMED_ISSUER}/**`, async (route) => {
		const { pathname } = new URL(route.request().url());
		await route.fulfill({ response: await route.fetch({ url: `${service.issuerUrl}${pathname}` }) });
	});
	const page = await context.newPage();
	await page.goto(url);
	return page;
}

async function tryToSignIn(page: Page, name: string, password: string): Promise<void> {
	await page.getByLabel("User name").fill(name);
	await page.getByLabel("Password").fill(password);
	await button(page, "Sign in").click();
}

async function signIn(page: Page, name = "alice"): Promise<void> {
	await tryToSignIn(page, name, name);
	await shows(page.getByText(`Signed in as ${name}`));
}

async function subscribe(page: Page, channel: string): Promise<void> {
	await page.getByRole("textbox", { name: "Channels" }).fill(channel);
	await page.getByRole("button", { name: "Subscribe" }).click();
	await shows(page.getByRole("status").filter({ hasText: "Live" }));
}

function button(page: Page, name: string): Locator {
	return page.getByRole("button", { name, exact: true });
}

/** Rows of the list, newest first. */
function rows(page: Page, text: string | RegExp): Locator {
	return page
		.getByRole("list", { name: /^Events/ })
		.getByRole("listitem")
		.filter({ hasText: text });
}

async function shows(locator: Locator): Promise<void> {
	await locator.first().waitFor({ state: "visible" });
}

function freshChannel(): string {
	channels += 1;
	return `chat:console-${channels}`;
}

async function cursorOf(page: Page): Promise<string> {
	return (await page.getByLabel("Cursor").textContent()) ?? "";
}

describe.skipIf(!hasChromium)("the console in Chromium", () => {
	it("signs in, subscribes, publishes, is cut, resumes, and misses nothing", async () => {
		const channel = freshChannel();
		const page = await open();
		await signIn(page);
		await subscribe(page, channel);
		await shows(rows(page, "connected").filter({ hasText: `As alice on ${channel}. A new start.` }));

		await page.getByLabel("Publish key").fill(PUBLISH_KEY);
		await page.getByLabel("Type").fill("never-heard-of");
		await page.getByLabel("Data, as JSON").fill('{ "n": 1 }');
		await button(page, "Publish").click();
		await shows(rows(page, '{"n":1}'));
		await shows(page.getByText(/^Stored as \d+; 1 stream was open\.$/));
		const first = await cursorOf(page);
		await shows(page.getByText(`Stored as ${first};`));
		await shows(page.getByRole("table").getByRole("cell", { name: first }));

		await button(page, "Cut").click();
		await shows(page.getByRole("status").filter({ hasText: "Cut" }));
		await shows(rows(page, `The connection was cut. The cursor is ${first}.`));
		const missed = await publish(service, channel, [
			{ type: "order", data: { n: 2 } },
			{ type: "note", data: { n: 3 } },
		]);
		await button(page, "Resume").click();
		await shows(rows(page, "connected").filter({ hasText: "Resumed" }));
		await publish(service, channel, { data: { n: 4 } });
		await shows(rows(page, '{"n":4}'));

		const texts = await rows(page, channel)
			.filter({ hasText: /\{"n":/ })
			.allTextContents();
		expect(texts.map((text) => Number(/\{"n":(\d)/.exec(text)?.[1]))).toEqual([4, 3, 2, 1]);
		for (const [index, type] of ["order", "note"].entries()) {
			expect(
				await rows(page, missed[index] ?? "")
					.filter({ hasText: type })
					.count(),
			).toBe(1);
		}
		expect(await rows(page, "gap").count()).toBe(0);
		expect(Number(await cursorOf(page))).toBe(Number(first) + 3);
		await page.context().close();
	});

	it("shows that the network failed, comes back, and misses nothing", async () => {
		const channel = freshChannel();
		const proxy = await CuttableProxy.to(service.url);
		const page = await open({ url: proxy.url });
		await signIn(page);
		await subscribe(page, channel);
		proxy.cut();
		await shows(rows(page, "The connection was lost, and the browser reconnects."));
		await shows(page.getByRole("status").filter({ hasText: "Reconnecting" }));
		await publish(service, channel, { type: "missed", data: 1 });
		proxy.mend();
		await shows(rows(page, "missed"));
		expect(await rows(page, "connected").filter({ hasText: "Resumed" }).count()).toBe(1);
		await shows(page.getByRole("status").filter({ hasText: "Live" }));
		await page.context().close();
		await proxy.stop();
	});

	it("folds data out, and takes none of it for HTML", async () => {
		const channel = freshChannel();
		const page = await open();
		await signIn(page);
		await subscribe(page, channel);
		const hostile = "<img src=x onerror=document.title='broken'><b id=forged>bold</b>";
		await publish(service, channel, { type: "<i>", data: { hostile } });
		const row = rows(page, "hostile");
		await row.locator("summary").click();
		expect(await row.locator("pre").textContent()).toBe(JSON.stringify({ hostile }, null, 2));
		expect(await page.locator("#forged, #list img, #list i").count()).toBe(0);
		expect(await page.title()).toBe("tidings console");
		await page.context().close();
	});

	it("shows by text only what is looked for, and what happened to the stream", async () => {
		const channel = freshChannel();
		const page = await open();
		await signIn(page);
		await subscribe(page, channel);
		await publish(service, channel, [{ data: "apples" }, { type: "fruit", data: "pears" }]);
		await shows(rows(page, "pears"));
		await page.getByLabel("Filter").fill("FRUIT");
		await rows(page, "apples").waitFor({ state: "hidden" });
		await shows(rows(page, "pears"));
		await shows(rows(page, "connected"));
		await page.context().close();
	});

	it("says where JSON is wrong, and publishes none of it", async () => {
		const page = await open();
		await page.getByLabel("Publish key").fill(PUBLISH_KEY);
		expect(await button(page, "Publish").isDisabled()).toBe(false);
		await page.getByLabel("Data, as JSON").fill('{\n  "id": 7,\n  "state": paid\n}');
		await shows(page.getByText("Line 3, column 12: this is not a JSON value"));
		expect(await button(page, "Publish").isDisabled()).toBe(true);
		await page.getByLabel("Data, as JSON").fill('{ "id": 7, }');
		await shows(page.getByText("Line 1, column 12: "));
		await page.getByLabel("Data, as JSON").fill("7");
		await page.getByLabel("To, as JSON").fill('{ "user": "alice"');
		await shows(page.getByText("Line 1, column 18: expected a closing }."));
		expect(await button(page, "Publish").isDisabled()).toBe(true);
		await page.context().close();
	});

	it("says what the service says of an event, and of a channel, that it refuses", async () => {
		const page = await open();
		await signIn(page, "bob");
		await page.getByLabel("Publish key").fill(PUBLISH_KEY);
		await page.getByLabel("Type").fill("closing");
		await button(page, "Publish").click();
		await shows(page.getByRole("alert").filter({ hasText: /closing.*reserved|reserved.*closing/ }));
		await page.getByRole("textbox", { name: "Channels" }).fill("orders");
		await button(page, "Subscribe").click();
		await shows(page.getByRole("alert").filter({ hasText: "orders" }));
		await shows(page.getByRole("status").filter({ hasText: "Ended" }));
		await page.context().close();
	});

	it("says what the issuer says of a wrong password", async () => {
		const page = await open();
		await tryToSignIn(page, "alice", "wrong");
		await shows(page.getByRole("alert").filter({ hasText: "The username or the password is wrong." }));
		await page.context().close();
	});

	it("takes a pasted token, keeps it in the tab only, and forgets it", async () => {
		const page = await open();
		await page.getByText("Paste a token instead").click();
		await page.getByRole("textbox", { name: "Token" }).fill(await logIn(service, "bob"));
		await button(page, "Use this token").click();
		await shows(page.getByText("Signed in as bob"));
		await page.reload();
		await shows(page.getByText("Signed in as bob"));
		expect(await page.evaluate(() => [localStorage.length, document.cookie, location.search])).toEqual([0, "", ""]);
		await button(page, "Sign out").click();
		await shows(page.getByLabel("User name"));
		expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
		await page.context().close();
	});

	it("shows a gap where events were trimmed", async () => {
		const channel = freshChannel();
		const page = await open();
		await signIn(page);
		await subscribe(page, channel);
		await publish(service, channel, { data: 0 });
		await shows(rows(page, /message/));
		await button(page, "Cut").click();
		await publish(
			service,
			channel,
			Array.from({ length: 30 }, (_, index) => ({ data: index + 1 })),
		);
		await button(page, "Resume").click();
		await shows(rows(page, `Events of ${channel} after`).filter({ hasText: "trimmed" }));
		await expect.poll(() => rows(page, /message/).count()).toBe(21);
		await page.context().close();
	});

	it("shows who comes, and that its access was ended, and does not come back then", async () => {
		const channel = freshChannel();
		const [page, other] = await Promise.all([open(), open()]);
		await signIn(page);
		await subscribe(page, channel);
		await signIn(other, "demo");
		await subscribe(other, channel);
		await shows(rows(page, `demo is online on ${channel}.`));
		await fetch(`${service.url}/channels/${channel}/subscribers?user=alice`, {
			method: "DELETE",
			headers: { Authorization: `Bearer ${PUBLISH_KEY}` },
		});
		await shows(rows(page, "The service ended the stream: revoked."));
		await shows(page.getByRole("status").filter({ hasText: "Ended" }));
		expect(await subscribersOf(service, channel)).toBe(1);
		await page.context().close();
		await other.context().close();
	});

	it("comes back with a new ticket when the channel was wiped", async () => {
		const channel = freshChannel();
		const page = await open();
		await signIn(page);
		await subscribe(page, channel);
		await fetch(`${service.url}/channels/${channel}`, {
			method: "DELETE",
			headers: { Authorization: `Bearer ${PUBLISH_KEY}` },
		});
		await shows(rows(page, "The service ended the stream: shutdown."));
		await shows(rows(page, "The page asks for a new ticket in 1 s."));
		await rows(page, "As alice on").nth(1).waitFor();
		await page.context().close();
	});

	it("can be used with the keyboard alone", async () => {
		const channel = freshChannel();
		const page = await open();
		/** Goes on with Tab until an element has the focus. */
		const tabTo = async (target: Locator) => {
			for (let presses = 0; presses < 40; presses += 1) {
				if (await target.evaluate((element) => element === document.activeElement)) return;
				await page.keyboard.press("Tab");
			}
			throw new Error("Tab does not get there.");
		};
		await tabTo(page.getByLabel("User name"));
		await page.keyboard.type("alice");
		await page.keyboard.press("Tab");
		await page.keyboard.type("alice");
		await page.keyboard.press("Enter");
		await shows(page.getByText("Signed in as alice"));
		// The focus is where it goes on.
		await page.keyboard.press("ControlOrMeta+a");
		await page.keyboard.type(channel);
		await page.keyboard.press("Enter");
		await shows(page.getByRole("status").filter({ hasText: "Live" }));
		await tabTo(page.getByLabel("Publish key"));
		await page.keyboard.type(PUBLISH_KEY);
		await tabTo(page.getByLabel("Data, as JSON"));
		await page.keyboard.press("ControlOrMeta+a");
		await page.keyboard.type('"typed"');
		await tabTo(button(page, "Publish"));
		await page.keyboard.press("Enter");
		await shows(rows(page, '"typed"'));
		await tabTo(rows(page, '"typed"').locator("summary"));
		await page.keyboard.press("Enter");
		await shows(rows(page, '"typed"').locator("pre"));
		await page.context().close();
	});

	it.each([360, 1280])("has all of itself in a window that is %d pixels wide", async (width) => {
		const page = await open({ viewport: { width, height: 700 } });
		await signIn(page);
		await subscribe(page, freshChannel());
		await shows(rows(page, "connected"));
		expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
		await page.context().close();
	});
});
