import type { EventInput } from "../../src/wire/intake.ts";
import type { Receipt } from "../../src/wire/receipt.ts";
import type { ChannelState } from "../../src/wire/state.ts";

/** Calls to the service and to the identity provider. */

/** A request that was refused. The message is the `detail` of the answer. */
export class Refusal extends Error {
	readonly status: number;

	constructor(status: number, detail: string) {
		super(detail);
		this.status = status;
	}
}

/** The URL of the identity provider; `null` if the service does not know it. */
export async function readIssuer(): Promise<string | null> {
	const { issuer } = await call<{ issuer: string | null }>("/console/settings.json");
	return issuer;
}

/** Logs a user in at the issuer, and returns their access token. */
export async function logIn(issuer: string, username: string, password: string): Promise<string> {
	const url = `${issuer.replace(/\/$/, "")}/login`;
	const { accessToken } = await call<{ accessToken?: unknown }>(url, post({ username, password }));
	if (typeof accessToken === "string") return accessToken;
	throw new Error("The issuer's answer has no accessToken. Sign in there, and paste the token here.");
}

/** Makes a ticket for the URL of an `EventSource`. It is resumable, so the browser can reconnect with it. */
export async function makeTicket(token: string, channels: readonly string[]): Promise<string> {
	const { ticket } = await call<{ ticket: string }>("/tickets", post({ channels, resumable: true }, token));
	return ticket;
}

export async function publish(credential: string, channel: string, event: EventInput): Promise<Receipt> {
	return await call(`/channels/${encodeURIComponent(channel)}/events`, post(event, credential));
}

export async function readChannel(publishKey: string, channel: string): Promise<ChannelState> {
	return await call(`/channels/${encodeURIComponent(channel)}`, { headers: bearer(publishKey) });
}

/** Why a stream is refused, which `EventSource` does not say; `undefined` if it is not refused. */
export async function whyRefused(stream: string): Promise<Refusal | undefined> {
	const request = new AbortController();
	try {
		const response = await fetch(stream, { signal: request.signal });
		if (response.status === 204) return new Refusal(204, "Nothing more will come: the channel has ended.");
		return response.ok ? undefined : await refusalOf(response);
	} catch {
		return undefined;
	} finally {
		request.abort();
	}
}

function bearer(credential: string): Record<string, string> {
	return { Authorization: `Bearer ${credential}` };
}

function post(body: object, credential?: string): RequestInit {
	const headers = { "Content-Type": "application/json", ...(credential && bearer(credential)) };
	return { method: "POST", headers, body: JSON.stringify(body) };
}

async function call<Answer>(url: string, init: RequestInit = {}): Promise<Answer> {
	let response: Response;
	try {
		response = await fetch(url, { ...init, credentials: "omit" });
	} catch {
		const { host } = new URL(url, location.href);
		throw new Error(`${host} cannot be reached from this page. Is it running, and does it allow this origin (CORS)?`);
	}
	if (!response.ok) throw await refusalOf(response);
	return (await response.json()) as Answer;
}

async function refusalOf(response: Response): Promise<Refusal> {
	const { detail } = (await response.json().catch(() => ({}))) as { detail?: unknown };
	return new Refusal(
		response.status,
		typeof detail === "string" ? detail : `${new URL(response.url).host} answered ${response.status}.`,
	);
}
