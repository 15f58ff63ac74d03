import type { EventInput } from "../wire/intake.ts";
import type { LiveReceipt, Receipt } from "../wire/receipt.ts";
import { ask } from "./ask.ts";
import { readObject } from "./body.ts";
import { ChannelPublisher } from "./channel-publisher.ts";
import { isCredential } from "./credential.ts";
import { eventJson } from "./event-json.ts";
import { persist } from "./persistence.ts";
import { checkLinger, pipe } from "./pipe.ts";
import type { PipeOptions } from "./pipe-options.ts";
import type { Pipeable } from "./piped-body.ts";
import type { PublishOptions } from "./publish-options.ts";
import { isReceiptFor } from "./receipt.ts";
import { routesOf } from "./service-url.ts";
import { TidingsError } from "./tidings-error.ts";
import { openerOf, type SocketClass } from "./upgrade.ts";

export type { EventInput } from "../wire/intake.ts";
export type { LiveReceipt, Receipt } from "../wire/receipt.ts";
export type { ChannelPublisher } from "./channel-publisher.ts";
export type { PipeOptions } from "./pipe-options.ts";
export type { Pipeable } from "./piped-body.ts";
export type { PublishOptions } from "./publish-options.ts";
export { TidingsError } from "./tidings-error.ts";

/** Where to publish, and as whom. */
export interface PublisherOptions {
	/** The URL of the service, such as `https://events.example.com`. In a page it may be relative, such as `/sse`. */
	url: string | URL;
	/** A publish key, or the token of a user who may publish. */
	key: string;
}

/** Options of a connection that publishes to one channel. */
export interface ChannelOptions {
	/**
	 * For how many milliseconds the service waits for more events before it stores and shows what has come: 0 to 1,000.
	 * Default: 0, not at all.
	 */
	linger?: number;
	/**
	 * A class of WebSockets that takes `{ headers }` as its second argument, such as that of the package `ws`. Default: the
	 * runtime's own. Node 20 has none.
	 */
	WebSocket?: SocketClass;
}

/** Publishes to the channels of one service. */
export interface Publisher {
	/**
	 * Publishes an event, or a batch of 1 to 100, to a channel. Once it resolves, the events are on disk. With `end`, the
	 * batch may be empty.
	 *
	 * If the network fails or the service is busy, it tries up to 5 times over a few seconds. No event is stored twice.
	 *
	 * @throws TidingsError when the service refuses; TypeError when the service cannot be reached, or when JSON cannot hold
	 * the event; the signal's reason.
	 *
	 * @example
	 * const { ids } = await publisher.publish("orders", { type: "paid", data: { id: 7 } });
	 */
	publish(channel: string, events: EventInput | readonly EventInput[], options?: PublishOptions): Promise<Receipt>;

	/**
	 * Publishes to the personal channel of a user.
	 *
	 * @param subject the `sub` of the user's tokens, unchanged.
	 *
	 * @example
	 * await publisher.publishToUser("auth0|1", { data: "Your order is on its way." });
	 */
	publishToUser(
		subject: string,
		events: EventInput | readonly EventInput[],
		options?: PublishOptions,
	): Promise<Receipt>;

	/**
	 * Publishes what a stream brings to a channel, each event as it arrives: the answer of a model, for one. The stream is
	 * the body of an event stream, such as that of a response, or has events. It is read only as fast as the service takes it.
	 *
	 * It is one request. Once something was read from the stream, nothing is tried again: publish the same events again with
	 * the same `idempotencyKey`, and those that are missing are stored. In browsers, it takes HTTP/2 and Chromium.
	 *
	 * @returns the receipt, when the stream has ended and its events are on disk.
	 * @throws TidingsError when the service refuses, with `stored` as the number of events that it has kept; what the stream
	 * throws; TypeError when the connection is lost, when JSON cannot hold an event, for an option that is none, or in a
	 * browser that cannot send a stream; the signal's reason. In all of these cases, `end` does not count, and the `lease` runs.
	 *
	 * @example
	 * const answer = await fetch("https://api.example.com/v1/chat/completions", request);
	 * const { events } = await publisher.pipe("answer:7", answer.body, { end: true, lease: 30 });
	 */
	pipe(channel: string, stream: Pipeable, options?: PipeOptions): Promise<LiveReceipt>;

	/**
	 * Publishes to one channel over a WebSocket that stays open, for much at a small part of the cost. It is opened by the
	 * first publish. Not in browsers, which cannot send a key with a WebSocket.
	 *
	 * @throws TypeError where a WebSocket cannot be opened with a key: in browsers, and in Node 20 without `WebSocket`; for a
	 * `linger` that is none.
	 *
	 * @example
	 * const orders = publisher.channel("orders");
	 * const receipts = await Promise.all([1, 2, 3].map((id) => orders.publish({ type: "paid", data: { id } })));
	 * await orders.close();
	 */
	channel(channel: string, options?: ChannelOptions): ChannelPublisher;
}

const UNUSABLE_KEY =
	"`key` must be a publish key or a token: a text without white space and without `Bearer` in front. Is its variable set?";

/**
 * Creates a publisher. It runs wherever there is `fetch`.
 *
 * @throws TypeError when the key cannot be sent: it is empty, has white space, or is not a text.
 *
 * @example
 * const publisher = createPublisher({ url: "https://events.example.com", key: env.PUBLISH_KEY });
 * await publisher.publish("orders", { type: "paid", data: { id: 7 } });
 */
export function createPublisher({ url, key }: PublisherOptions): Publisher {
	if (!isCredential(key)) throw new TypeError(UNUSABLE_KEY);
	const routeOf = routesOf(url);
	const send = async (
		path: string,
		events: unknown,
		options: PublishOptions,
		isOurs: (channel: unknown) => boolean,
	) => {
		const { end, idempotencyKey = crypto.randomUUID(), ifHead, signal } = options;
		// An invalid header throws here, where nothing is tried again.
		const headers = new Headers({
			Authorization: `Bearer ${key}`,
			"Content-Type": "application/json",
			"Idempotency-Key": idempotencyKey,
			...(ifHead !== undefined && { "If-Match": `"${ifHead}"` }),
		});
		const request = { method: "POST", headers, body: eventJson(events), ...(signal && { signal }) };
		const count = Array.isArray(events) ? events.length : 1;
		const route = routeOf(path);
		if (end) route.searchParams.set("end", "1");
		const isReceipt = (told: object): told is Receipt => isReceiptFor(count, told) && isOurs(told.channel);
		return persist(() => post(route, request, isReceipt), { signal });
	};
	return {
		publish: async (channel, events, options = {}) =>
			send(`channels/${encodeURIComponent(channel)}/events`, events, options, (told) => told === channel),
		publishToUser: async (subject, events, options = {}) =>
			send(`users/${encodeURIComponent(subject)}/events`, events, options, (told) => `${told}`.startsWith("user:")),
		pipe: async (channel, stream, options = {}) =>
			pipe({ channel, url: routeOf(`channels/${encodeURIComponent(channel)}/events`), key }, stream, options),
		channel: (channel, { linger, WebSocket } = {}) => {
			checkLinger(linger);
			const opener = openerOf(WebSocket);
			const route = routeOf(`channels/${encodeURIComponent(channel)}/publish`);
			if (linger !== undefined) route.searchParams.set("linger", `${linger}`);
			return new ChannelPublisher({ channel, open: () => opener(route, key) });
		},
	};
}

async function post(url: URL, request: RequestInit, isReceipt: (told: object) => told is Receipt): Promise<Receipt> {
	const response = await ask(url, [201], request);
	const told = await readObject(response);
	if (isReceipt(told)) return told;
	throw TidingsError.of(response);
}
