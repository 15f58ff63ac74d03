import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createTestHarness } from "wrangler";
import { PUBLISH_KEY } from "../../../scripts/workerd.ts";

/** The built service and its identity provider, each on a port of its own, as `wrangler dev` would serve them. */

const ROOT = join(import.meta.dirname, "../../..");

export { PUBLISH_KEY };

/** In which way the service delivers in this run: what a client can observe is the same in both. */
export const DELIVERY = process.env.DELIVERY ?? "direct";

export interface Service {
	/** Where tidings answers, without a slash at the end. */
	url: string;
	issuerUrl: string;
	stop(): Promise<void>;
}

/** Starts both. Settings that a test needs otherwise take the place of those in `.dev.vars`. */
export async function startService(
	settings: Record<string, string> = {},
	issuerSettings: Record<string, string> = {},
): Promise<Service> {
	const issuer = createTestHarness({
		root: ROOT,
		workers: [{ configPath: "./issuer/wrangler.toml", secrets: issuerSettings }],
	});
	const issuerUrl = origin((await issuer.listen()).url);
	const database = issuer.getWorker();
	await database.applyD1Migrations("DB");
	await (await database.getEnv()).DB.prepare(await readFile(join(ROOT, "issuer/demo-users.sql"), "utf8")).run();
	const secrets = { JWKS_URL: `${issuerUrl}/.well-known/jwks.json`, DELIVERY, ...settings };
	const tidings = createTestHarness({ root: ROOT, workers: [{ configPath: "./wrangler.toml", secrets }] });
	const url = origin((await tidings.listen()).url);
	return {
		url,
		issuerUrl,
		stop: async () => {
			await tidings.close();
			await issuer.close();
		},
	};
}

function origin(url: URL): string {
	return url.origin;
}

/** Logs a demo user in at the identity provider. */
export async function logIn({ issuerUrl }: Service, name: string): Promise<string> {
	const response = await fetch(`${issuerUrl}/login`, {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify({ username: name, password: name }),
	});
	const { accessToken } = (await response.json()) as { accessToken: string };
	return accessToken;
}

/** Gets a ticket, with a token or the publish key. */
export async function ticketOf({ url }: Pick<Service, "url">, credential: string, body: object = {}): Promise<string> {
	const response = await fetch(`${url}/tickets`, {
		method: "POST",
		headers: { Authorization: `Bearer ${credential}`, "Content-Type": "application/json" },
		body: JSON.stringify(body),
	});
	if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
	return ((await response.json()) as { ticket: string }).ticket;
}

/** Publishes as a backend does, and answers with the ids. */
export async function publish({ url }: Pick<Service, "url">, channel: string, events: unknown): Promise<string[]> {
	const response = await fetch(`${url}/channels/${channel}/events`, {
		method: "POST",
		headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "application/json" },
		body: JSON.stringify(events),
	});
	if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
	return ((await response.json()) as { ids: string[] }).ids;
}

/** How many streams a channel has open. */
export async function subscribersOf({ url }: Pick<Service, "url">, channel: string): Promise<number> {
	const response = await fetch(`${url}/channels/${channel}`, { headers: { Authorization: `Bearer ${PUBLISH_KEY}` } });
	return ((await response.json()) as { subscribers: number }).subscribers;
}
