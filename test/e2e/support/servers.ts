import { inject } from "vitest";
import { PUBLISH_KEY, Workerd } from "../../../scripts/workerd.ts";

/** The built service on a port of its own, and calls of it and its identity provider. */

export { PUBLISH_KEY };

/** In which way the service delivers in this run: what a client can observe is the same in both. */
export const DELIVERY = process.env.DELIVERY ?? "direct";

export interface Service {
	/** Where tidings answers, without a slash at the end. */
	url: string;
	issuerUrl: string;
	stop(): Promise<void>;
}

/** Starts the service. Settings that a test needs otherwise take the place of those for local work. */
export async function startService(
	settings: Record<string, string> = {},
	issuerUrl: string = inject("issuerUrl"),
): Promise<Service> {
	const server = await Workerd.start(
		{ JWKS_URL: `${issuerUrl}/.well-known/jwks.json`, CORS_ORIGINS: "*", DELIVERY, ...settings },
		{ built: inject("built") },
	);
	return { url: server.url, issuerUrl, stop: () => server.stop() };
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

const tokens = new Map<string, Promise<string>>();

/** The token of a demo user, who logs in once for all tests of a file: a password costs half a second of CPU. */
export function tokenOf(service: Service, name: string): Promise<string> {
	const token = tokens.get(name) ?? logIn(service, name);
	tokens.set(name, token);
	return token;
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
