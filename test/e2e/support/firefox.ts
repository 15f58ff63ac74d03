import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const executablePath = process.env.FIREFOX ?? "/usr/bin/firefox-esr";

/** Whether there is a Firefox; where there is none, its tests are skipped, and a line says so. */
export const hasFirefox = existsSync(executablePath);
if (!hasFirefox) {
	console.warn(
		"The tests in Firefox are skipped: there is none. `apt-get install firefox-esr`, or set FIREFOX to its path.",
	);
}

/** Nothing that it would ask the network for by itself. */
const PREFERENCES = {
	"app.normandy.enabled": false,
	"app.update.auto": false,
	"browser.safebrowsing.update.enabled": false,
	"browser.shell.checkDefaultBrowser": false,
	"browser.startup.homepage_override.mstone": "ignore",
	"datareporting.policy.dataSubmissionEnabled": false,
	"extensions.update.enabled": false,
	"network.captive-portal-service.enabled": false,
	"network.connectivity-service.enabled": false,
	"services.settings.server": "data:,",
};

/**
 * Opens pages in a Firefox of their own. A page has to tell by itself what it sees.
 *
 * @returns closes it.
 */
export async function openInFirefox(urls: readonly string[]): Promise<() => Promise<void>> {
	const profile = await mkdtemp(join(tmpdir(), "tidings-firefox-"));
	const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`);
	await writeFile(join(profile, "user.js"), lines.join(""));
	const firefox = spawn(executablePath, ["--headless", "--no-remote", "--profile", profile, ...urls], {
		env: { ...process.env, HOME: profile },
		stdio: "ignore",
	});
	await once(firefox, "spawn");
	return async () => {
		await end(firefox);
		await rm(profile, { recursive: true, force: true, maxRetries: 5 });
	};
}

async function end(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	child.kill();
	await once(child, "close");
}
