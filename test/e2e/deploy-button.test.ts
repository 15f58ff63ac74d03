import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { Workerd } from "../../scripts/workerd.ts";

/** What the "Deploy to Cloudflare" button reads, and what happens when its form is submitted with empty fields. */

const ROOT = join(import.meta.dirname, "../..");
const asked = parseEnv(await readFile(join(ROOT, ".dev.vars.example"), "utf8")) as Record<string, string>;
const secret = "0123456789abcdef".repeat(4);
const filledIn: Record<string, string> = {
	JWKS_URL: "https://id.example.com/.well-known/jwks.json",
	JWT_ISSUER: "https://id.example.com/",
	JWT_AUDIENCE: "tidings",
	PUBLISH_KEYS: secret,
	TICKET_SECRET: secret,
};
let server: Workerd;

beforeAll(async () => {
	server = await Workerd.start(asked, { built: inject("built") });
});

afterAll(() => server.stop());

async function health(settings: Record<string, string>): Promise<[number, string | undefined]> {
	await server.restart(settings);
	const response = await fetch(`${server.url}/health`);
	return [response.status, ((await response.json()) as { detail?: string }).detail];
}

describe("the form of the deploy button", () => {
	it("asks for every setting without a default, describes it, and suggests no public value", () => {
		expect(new Set(Object.keys(asked))).toEqual(new Set(Object.keys(filledIn)));
		expect(new Set(Object.values(asked))).toEqual(new Set([""]));
		expect(manifest.cloudflare.bindings).toMatchObject(
			Object.fromEntries(Object.keys(asked).map((name) => [name, { description: expect.any(String) }])),
		);
	});

	it("deploys a service that names each empty setting in turn, until none is left", async () => {
		const settings = { ...asked };
		for (const [name, value] of Object.entries(filledIn)) {
			const [status, detail] = await health(settings);
			expect([status, detail]).toEqual([503, expect.stringContaining(`The setting ${name} is empty.`)]);
			settings[name] = value;
		}
		expect(await health(settings)).toEqual([200, undefined]);
	});
});
