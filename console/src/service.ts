/** The calls of the service and of the identity provider. */

/** What they refused, in the words of their `detail`. */
export class Refusal extends Error {
	readonly status: number;

	constructor(status: number, detail: string) {
		super(detail);
		this.status = status;
	}
}

export interface NewEvent {
	type: string;
	data: unknown;
	to?: unknown;
}

export interface Receipt {
	channel: string;
	ids: string[];
	subscribers: number;
}

export interface ChannelState {
	channel: string;
	head: string;
	buffered: number;
	subscribers: number;
}

/** Where users' tokens come from; `null`: the page cannot know. */
export async function readIssuer(): Promise<string | null> {
	const { issuer } = await call<{ issuer: string | null }>("/console/settings.json");
	return issuer;
}

/** A token for a user who says their password. */
export async function logIn(issuer: string, username: string, password: string): Promise<string> {
	const url = `${issuer.replace(/\/$/, "")}/login`;
	const { accessToken } = await call<{ accessToken?: unknown }>(url, post({ username, password }));
	if (typeof accessToken === "string") return accessToken;
	throw new Error("The issuer answered without an accessToken. Sign in there, and paste the token.");
}

/** Credentials that may stand in the URL of an `EventSource`, with which it may also come back by itself. */
export async function makeTicket(token: string, channels: readonly string[]): Promise<string> {
	const { ticket } = await call<{ ticket: string }>("/tickets", post({ channels, resumable: true }, token));
	return ticket;
}

export async function publish(credential: string, channel: string, event: NewEvent): Promise<Receipt> {
	return await call(`/channels/${encodeURIComponent(channel)}/events`, post(event, credential));
}

export async function readChannel(publishKey: string, channel: string): Promise<ChannelState> {
	return await call(`/channels/${encodeURIComponent(channel)}`, { headers: bearer(publishKey) });
}

/** Why a stream is refused, which `EventSource` does not tell; `undefined` where it is not. */
export async function whyRefused(stream: string): Promise<Refusal | undefined> {
	const request = new AbortController();
	try {
		const response = await fetch(stream, { signal: request.signal });
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
