import type { EventInput } from "../wire/intake.ts";
import type { Receipt } from "../wire/receipt.ts";
import { ask } from "./ask.ts";
import { readObject } from "./body.ts";
import { ChannelPublisher } from "./channel-publisher.ts";
import { isCredential } from "./credential.ts";
import { eventJson } from "./event-json.ts";
import { nextAttempt } from "./persistence.ts";
import type { PublishOptions } from "./publish-options.ts";
import { isReceiptFor } from "./receipt.ts";
import { routesOf } from "./service-url.ts";
import { TidingsError } from "./tidings-error.ts";
import { openerOf, type SocketClass } from "./upgrade.ts";
import { wait } from "./wait.ts";

export type { EventInput } from "../wire/intake.ts";
export type { Receipt } from "../wire/receipt.ts";
export type { ChannelPublisher } from "./channel-publisher.ts";
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
	 * Publishes an event, or a batch of 1 to 100, to a channel. Once it resolves, the events are on disk.
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

const MAX_LINGER_MILLISECONDS = 1000;
const UNUSABLE_LINGER = "`linger` must be a whole number of milliseconds from 0 to 1000.";
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
		const { idempotencyKey = crypto.randomUUID(), ifHead, signal } = options;
		// An invalid header throws here, where nothing is tried again.
		const headers = new Headers({
			Authorization: `Bearer ${key}`,
			"Content-Type": "application/json",
			"Idempotency-Key": idempotencyKey,
			...(ifHead !== undefined && { "If-Match": `"${ifHead}"` }),
		});
		const request = { method: "POST", headers, body: eventJson(events), ...(signal && { signal }) };
		const count = Array.isArray(events) ? events.length : 1;
		const isReceipt = (told: object): told is Receipt => isReceiptFor(count, told) && isOurs(told.channel);
		return persist(() => post(routeOf(path), request, isReceipt), signal);
	};
	return {
		publish: async (channel, events, options = {}) =>
			send(`channels/${encodeURIComponent(channel)}/events`, events, options, (told) => told === channel),
		publishToUser: async (subject, events, options = {}) =>
			send(`users/${encodeURIComponent(subject)}/events`, events, options, (told) => `${told}`.startsWith("user:")),
		channel: (channel, { linger, WebSocket } = {}) => {
			if (linger !== undefined && !isLinger(linger)) throw new TypeError(UNUSABLE_LINGER);
			const opener = openerOf(WebSocket);
			const route = routeOf(`channels/${encodeURIComponent(channel)}/publish`);
			if (linger !== undefined) route.searchParams.set("linger", `${linger}`);
			return new ChannelPublisher({ channel, open: () => opener(route, key) });
		},
	};
}

function isLinger(linger: number): boolean {
	return Number.isInteger(linger) && linger >= 0 && linger <= MAX_LINGER_MILLISECONDS;
}

async function post(url: URL, request: RequestInit, isReceipt: (told: object) => told is Receipt): Promise<Receipt> {
	const response = await ask(url, [201], request);
	const told = await readObject(response);
	if (isReceipt(told)) return told;
	throw TidingsError.of(response);
}

/** Repeats an attempt until it succeeds or until another would be useless. */
async function persist<Result>(attempt: () => Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
	for (let failures = 1; ; failures += 1) {
		try {
			return await attempt();
		} catch (error) {
			signal?.throwIfAborted();
			const milliseconds = nextAttempt(error, failures);
			if (milliseconds === undefined) throw error;
			await wait(milliseconds, signal);
		}
	}
}
