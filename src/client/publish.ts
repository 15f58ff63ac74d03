import type { EventInput } from "../wire/intake.ts";
import type { Receipt } from "../wire/receipt.ts";
import { ask } from "./ask.ts";
import { backoff } from "./backoff.ts";
import { readObject } from "./body.ts";
import { isCredential } from "./credential.ts";
import { routesOf } from "./service-url.ts";
import { TidingsError } from "./tidings-error.ts";
import { wait } from "./wait.ts";

export type { EventInput } from "../wire/intake.ts";
export type { Receipt } from "../wire/receipt.ts";
export { TidingsError } from "./tidings-error.ts";

const MAX_ATTEMPTS = 5;
const FIRST_WAIT_MILLISECONDS = 250;
/** Longer than that, no caller waits. */
const MAX_WAIT_MILLISECONDS = 30_000;

/** Who publishes, and where. */
export interface PublisherOptions {
	/** Where the service is, such as `https://events.example.com`. In a page it may be relative, such as `/sse`. */
	url: string | URL;
	/** A publish key, or a user's token that may publish. */
	key: string;
}

/** Under which conditions a publish goes through. */
export interface PublishOptions {
	/**
	 * What makes this publish the same as another: within 5 minutes, it is stored once. 1 to 128 visible ASCII characters.
	 * Default: one that was never used, so that only the attempts of this call are the same.
	 */
	idempotencyKey?: string;
	/** The id that must be the channel's head. Default: any. */
	ifHead?: string;
	/** Gives the publish up, between attempts and in the middle of one. */
	signal?: AbortSignal;
}

/** Publishes to the channels of one service. */
export interface Publisher {
	/**
	 * Publishes an event, or a batch of 1 to 100, to a channel. When it resolves, they are on disk.
	 *
	 * What fails on the way, or because the service is busy, is tried 5 times in all, over some seconds; never is an event
	 * stored twice by it.
	 *
	 * @throws TidingsError when the service refuses; TypeError when it cannot be reached; the signal's reason.
	 *
	 * @example
	 * const { ids } = await publisher.publish("orders", { type: "paid", data: { id: 7 } });
	 */
	publish(channel: string, events: EventInput | readonly EventInput[], options?: PublishOptions): Promise<Receipt>;

	/**
	 * Publishes to the personal channel of a subject: the `sub` of its tokens, as it is.
	 *
	 * @example
	 * await publisher.publishToUser("auth0|1", { data: "Your order is on its way." });
	 */
	publishToUser(
		subject: string,
		events: EventInput | readonly EventInput[],
		options?: PublishOptions,
	): Promise<Receipt>;
}

const UNUSABLE_KEY =
	"`key` must be a publish key or a token: a text without white space, and without `Bearer` before it. Is the variable set that holds it?";

/**
 * A publisher for any runtime with `fetch`.
 *
 * @throws TypeError when the key is none that can be sent: empty, not a text, or with white space in it.
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
		// What can be no header throws here, and is not tried again.
		const headers = new Headers({
			Authorization: `Bearer ${key}`,
			"Content-Type": "application/json",
			"Idempotency-Key": idempotencyKey,
			...(ifHead !== undefined && { "If-Match": `"${ifHead}"` }),
		});
		const request = { method: "POST", headers, body: JSON.stringify(events), ...(signal && { signal }) };
		const count = Array.isArray(events) ? events.length : 1;
		const isReceipt = (told: object): told is Receipt => isReceiptFor(count, told) && isOurs(told.channel);
		return persist(() => post(routeOf(path), request, isReceipt), signal);
	};
	return {
		publish: async (channel, events, options = {}) =>
			send(`channels/${encodeURIComponent(channel)}/events`, events, options, (told) => told === channel),
		publishToUser: async (subject, events, options = {}) =>
			send(`users/${encodeURIComponent(subject)}/events`, events, options, (told) => `${told}`.startsWith("user:")),
	};
}

async function post(url: URL, request: RequestInit, isReceipt: (told: object) => told is Receipt): Promise<Receipt> {
	const response = await ask(url, 201, request);
	const told = await readObject(response);
	if (isReceipt(told)) return told;
	throw TidingsError.of(response);
}

function isReceiptFor(count: number, told: Partial<Record<keyof Receipt, unknown>>): told is Receipt {
	const { channel, ids, subscribers } = told;
	return (
		typeof channel === "string" &&
		Array.isArray(ids) &&
		ids.length === count &&
		ids.every((id) => typeof id === "string") &&
		typeof subscribers === "number"
	);
}

/** Tries until it goes well, or until trying again is no use. */
async function persist<Result>(attempt: () => Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
	for (let failures = 1; ; failures += 1) {
		try {
			return await attempt();
		} catch (error) {
			signal?.throwIfAborted();
			const isFinal = error instanceof TidingsError && !error.isTemporary;
			if (isFinal || failures === MAX_ATTEMPTS) throw error;
			const asked = error instanceof TidingsError ? (error.retryAfter ?? 0) : 0;
			if (asked > MAX_WAIT_MILLISECONDS) throw error;
			await wait(Math.max(asked, backoff(failures, FIRST_WAIT_MILLISECONDS)), signal);
		}
	}
}
