import { afterAll } from "vitest";
import { publishingWith } from "../../support/calls.ts";
import type { MessageReader } from "../../support/message-reader.ts";
import { SseReader } from "../../support/sse.ts";

/** In workerd it is the service there, and in Node the one that `TIDINGS_URL` names. */
const { target } = await (navigator.userAgent === "Cloudflare-Workers"
	? import("./in-process.ts")
	: import("./deployment.ts"));

/** The service as a client meets it who has a publish key, and nothing else. */

export { problem } from "../../support/calls.ts";

export const PUBLISH_KEY = target.publishKey;

const run = crypto.randomUUID().slice(0, 8);
let made = 0;
const channels: string[] = [];

afterAll(async () => {
	for (const channel of channels.splice(0)) await administer("DELETE", `/channels/${channel}`);
});

/** A channel that nobody else uses. It is wiped in the end. */
export function freshChannel(name = "chat"): string {
	const channel = `${target.prefix}${name}:${run}-${made}`;
	made += 1;
	channels.push(channel);
	return channel;
}

/** Sends a request. */
export const call = target.send;

/** Who opens streams, with a ticket. */
export interface User {
	name: string;
	ticket: string;
	/** Their personal channel. */
	personal: string;
}

/** A user whom nobody else is, with a ticket for the channels of the tests and their personal one. */
export async function newUser(name = "user", claims: Record<string, unknown> = {}): Promise<User> {
	const user = `conformance-${name}-${run}-${made}`;
	made += 1;
	const personal = `user:${user.replaceAll("|", "~7C")}`;
	channels.push(personal);
	const response = await call("/tickets", {
		method: "POST",
		headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "application/json" },
		body: JSON.stringify({ user, claims, channels: [`${target.prefix}chat*`, personal], expiresIn: 3600 }),
	});
	if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
	return { name: user, personal, ticket: ((await response.json()) as { ticket: string }).ticket };
}

/** Asks for a stream. */
export function open(path: string, { ticket }: User, headers: HeadersInit = {}): Promise<Response> {
	return call(`${path}&ticket=${ticket}`, { headers });
}

/** Opens a stream that must succeed. */
export async function subscribe(path: string, user: User, headers: HeadersInit = {}): Promise<SseReader> {
	const response = await open(path, user, headers);
	if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
	return new SseReader(response);
}

/** Opens a WebSocket to subscribe over, and sends nothing. */
export const newSocket = (query = "") => target.openSocket(`/ws${query}`);

/** Opens a WebSocket to publish over, with the publish key. */
export function openPublisher(channel: string, query = ""): Promise<MessageReader> {
	return target.openSocket(`/channels/${channel}/publish${query}`, { Authorization: `Bearer ${PUBLISH_KEY}` });
}

/** Opens a WebSocket, and sends an `auth` with the ticket of a user. */
export async function openSocket({ ticket }: User, auth: Partial<StreamOptions>): Promise<MessageReader> {
	const socket = await newSocket();
	socket.send({ type: "auth", ticket, ...auth });
	return socket;
}

/** Opens a WebSocket with the ticket of a user in the request, which needs no `auth`. */
export async function openReadySocket(user: User, options: StreamOptions): Promise<MessageReader> {
	return await newSocket(`${socketQuery(options)}&ticket=${user.ticket}`);
}

/** What a client asks of a stream over a WebSocket. */
interface StreamOptions {
	channels: string[];
	types?: string[];
	presence?: boolean;
	cursor?: string;
	rewind?: unknown;
	since?: unknown;
}

/** The query that asks for the same as an `auth`. */
function socketQuery({ channels, types = [], presence, cursor, rewind, since }: StreamOptions): string {
	const query = new URLSearchParams();
	for (const channel of channels) query.append("channel", channel);
	for (const type of types) query.append("type", type);
	if (presence) query.set("presence", "1");
	if (cursor !== undefined) query.set("lastEventId", cursor);
	if (rewind !== undefined) query.set("rewind", String(rewind));
	if (since !== undefined) query.set("since", String(since));
	return `?${query}`;
}

/** Calls a route that asks for a publish key. */
export function administer(method: string, path: string): Promise<Response> {
	return call(path, { method, headers: { Authorization: `Bearer ${PUBLISH_KEY}` } });
}

/** Publishes with the publish key. */
export const { publish, published } = publishingWith(call, PUBLISH_KEY);
