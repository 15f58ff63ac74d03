import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Whether there is a Chromium; where there is none, the tests that need it are skipped, and a line says so. */
export const hasChromium = existsSync(executablePath);
if (!hasChromium) {
	console.warn(
		"The browser tests are skipped: there is no Chromium. `apt-get install chromium`, or set CHROMIUM to its path.",
	);
}

export async function launchChromium(): Promise<Browser> {
	return await chromium.launch({
		executablePath,
		args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
	});
}

/** Opens pages in a Chromium of their own. Returns what closes it. */
export async function openInChromium(urls: readonly string[]): Promise<() => Promise<void>> {
	const browser = await launchChromium();
	for (const url of urls) await (await browser.newPage()).goto(url);
	return () => browser.close();
}
