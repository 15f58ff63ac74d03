import { EventSource } from "eventsource";
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

/** Publishes to `/channels/{channel}` or `/users/{subject}`, with a token or a publish key. */
export function send(url: string, path: string, credential: string, events: unknown): Promise<Response> {
	return fetch(`${url}${path}/events`, {
		method: "POST",
		headers: { Authorization: `Bearer ${credential}`, "Content-Type": "application/json" },
		body: JSON.stringify(events),
	});
}

/** Publishes as a backend does, and answers with the ids. */
export async function publish({ url }: Pick<Service, "url">, channel: string, events: unknown): Promise<string[]> {
	const response = await send(url, `/channels/${channel}`, PUBLISH_KEY, events);
	if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
	return ((await response.json()) as { ids: string[] }).ids;
}

/** Ends a channel, as a backend does. */
export async function endChannel({ url }: Pick<Service, "url">, channel: string): Promise<void> {
	const headers = { Authorization: `Bearer ${PUBLISH_KEY}` };
	const response = await fetch(`${url}/channels/${channel}/events?end=1`, { method: "POST", headers });
	if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
}

/** Opens a stream with a token. */
export function openStream(url: string, token: string, channel: string): Promise<Response> {
	return fetch(`${url}/events?channel=${channel}`, { headers: { Authorization: `Bearer ${token}` } });
}

/** What an `EventSource` with a token hears: when it is connected, and the first message after that. */
export function firstMessage(url: string, token: string, channel: string) {
	const source = new EventSource(`${url}/events?channel=${channel}&token=${encodeURIComponent(token)}`);
	const connected = new Promise((resolve) => source.addEventListener("connected", resolve, { once: true }));
	const message = new Promise<string>((resolve) =>
		source.addEventListener("message", ({ data }) => resolve(data), { once: true }),
	);
	return { connected, message, leave: () => source.close() };
}

/** The status of an error, and its code. */
export async function codeOf(response: Response): Promise<[number, string]> {
	return [response.status, ((await response.json()) as { code: string }).code];
}

/** How many streams a channel has open. */
export async function subscribersOf({ url }: Pick<Service, "url">, channel: string): Promise<number> {
	const response = await fetch(`${url}/channels/${channel}`, { headers: { Authorization: `Bearer ${PUBLISH_KEY}` } });
	return ((await response.json()) as { subscribers: number }).subscribers;
}
