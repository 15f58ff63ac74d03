import { ask } from "./ask.ts";
import { bearer } from "./bearer.ts";
import { isOfType } from "./body.ts";
import { ChannelsEnded } from "./ending.ts";
import type { ConnectOptions } from "./options.ts";
import { TidingsError } from "./tidings-error.ts";

type StreamOptions = Pick<ConnectOptions, "channels" | "types" | "inbox" | "presence" | "rewind" | "getTicket">;

/** The credential to open a stream with, and where to start. */
interface Opening {
	/** A ticket, if the options have `getTicket`, or a token; `undefined` to read without credentials. */
	credential: string | undefined;
	cursor: string | null;
	signal: AbortSignal;
}

/**
 * Opens an event stream, and returns its body.
 *
 * @throws ChannelsEnded when the cursor is at the end of its channels; TidingsError when the service refuses, or the answer
 * is not an event stream; what `fetch` throws.
 */
export async function openStream(
	url: URL,
	{ channels, types = [], inbox, presence, rewind, getTicket }: StreamOptions,
	{ credential, cursor, signal }: Opening,
): Promise<ReadableStream<Uint8Array>> {
	const query = url.searchParams;
	for (const channel of channels) query.append("channel", channel);
	for (const type of types) query.append("type", type);
	query.set("envelope", "1");
	if (inbox) query.set("inbox", "1");
	if (presence) query.set("presence", "1");
	if (rewind !== undefined) query.set("rewind", `${rewind}`);
	// Last-Event-ID as a header would make browsers send a preflight request to another origin.
	if (cursor !== null) query.set("lastEventId", cursor);
	if (getTicket && credential !== undefined) query.set("ticket", credential);
	// Without a cursor, the service has no reason to answer that there is nothing more.
	const statuses = cursor === null ? [200] : [200, 204];
	const headers = getTicket || credential === undefined ? {} : bearer(credential);
	const response = await ask(url, statuses, { headers, signal });
	if (response.status === 204)
		throw new ChannelsEnded(response.headers.get("End-Reason") === "abandoned" ? "abandoned" : "ended");
	if (!response.body || !isOfType(response, "text/event-stream")) throw await TidingsError.from(response);
	return response.body;
}
