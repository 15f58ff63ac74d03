import { describe, expect, it } from "vitest";
import localSettings from "../../.dev.vars?raw";
import { refuseLocalKeys } from "../../src/auth/local-keys.ts";
import { readConfig, type SettingsEnv } from "../../src/config.ts";
import { LOCAL_PUBLISH_KEY, LOCAL_TICKET_SECRET } from "../../src/local.ts";

const OWN = "k".repeat(40);
const HERE = "http://localhost:8787/health";
const ELSEWHERE = "https://tidings.example.workers.dev/health";

/** The error that refuses the settings in a request for a URL. */
function refusal(settings: SettingsEnv, url: string): string | undefined {
	try {
		refuseLocalKeys(readConfig(settings), url);
		return undefined;
	} catch (error) {
		return `${error}`;
	}
}

describe("refuseLocalKeys", () => {
	it("knows the secrets in .dev.vars", () => {
		expect(localSettings).toContain(`\nPUBLISH_KEYS=${LOCAL_PUBLISH_KEY}\n`);
		expect(localSettings).toContain(`\nTICKET_SECRET=${LOCAL_TICKET_SECRET}\n`);
	});

	it.each([
		["PUBLISH_KEYS", LOCAL_PUBLISH_KEY],
		["PUBLISH_KEYS", `${OWN} ${LOCAL_PUBLISH_KEY}`],
		["PUBLISH_KEYS", `${LOCAL_PUBLISH_KEY}=orders,chat:*`],
		["TICKET_SECRET", LOCAL_TICKET_SECRET],
		["TICKET_SECRET", `${LOCAL_TICKET_SECRET} ${OWN}`],
		["TICKET_SECRET", `${OWN} ${LOCAL_TICKET_SECRET}`],
	])("refuses them in %s unless the request is for this machine: %s", (name, value) => {
		const detail = refusal({ [name]: value }, ELSEWHERE);
		expect(detail).toContain(`misconfigured: The setting ${name} has the value from \`.dev.vars\``);
		expect(detail).not.toContain(LOCAL_PUBLISH_KEY);
		expect(detail).not.toContain(LOCAL_TICKET_SECRET);
		expect(refusal({ [name]: value }, HERE)).toBeUndefined();
	});

	it.each(["http://localhost/", "https://LOCALHOST:8443/", "http://127.0.0.1:8787/x?y", "http://[::1]:8787/"])(
		"treats %s as this machine",
		(url) => {
			expect(refusal({ PUBLISH_KEYS: LOCAL_PUBLISH_KEY, TICKET_SECRET: LOCAL_TICKET_SECRET }, url)).toBeUndefined();
		},
	);

	it.each([
		"https://localhost.example.com/",
		"https://example.com/localhost",
		"https://localhost@example.com/",
		"http://notlocalhost/",
		"http://127.0.0.1.example.com/",
		"http://127.0.0.2/",
		"http://192.168.1.7:8787/",
		"http://0.0.0.0:8787/",
		"http://[::2]/",
		"http://tidings.localhost/",
	])("does not treat %s as this machine", (url) => {
		expect(refusal({ PUBLISH_KEYS: LOCAL_PUBLISH_KEY }, url)).toContain("PUBLISH_KEYS");
	});

	it("accepts all other secrets", () => {
		expect(refusal({ PUBLISH_KEYS: `${OWN} ${LOCAL_PUBLISH_KEY}x`, TICKET_SECRET: OWN }, ELSEWHERE)).toBeUndefined();
		expect(refusal({}, ELSEWHERE)).toBeUndefined();
	});
});
