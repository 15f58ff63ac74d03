import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { PUBLISH_KEY } from "../scripts/workerd.ts";
import { type ChannelPublisher, createPublisher, type Receipt, TidingsError } from "../src/client/publish.ts";
import type { Ledger } from "./ledger.ts";

/** How long a publisher waits before it repeats a request that was not answered. */
const RETRY_MILLISECONDS = 20;
/** How many publishes over one connection wait for their answers together. */
const UNANSWERED = 50;
/** How long it then pauses: subscribers must not be away for longer than the channel remembers. */
const PAUSE_MILLISECONDS = 100;

/** Publishes without pause until the signal. A request without an answer is repeated with its idempotency key. */
export async function publishUntil(
	signal: AbortSignal,
	origin: string,
	channel: string,
	ledger: Ledger,
): Promise<void> {
	for (let round = 0; !signal.aborted; round += 1) {
		const events = Array.from({ length: 1 + (round % 3) }, () => randomUUID());
		const ids = await publishOnce(eventsOf(origin, channel), events);
		ids.forEach((id, index) => void ledger.acknowledge(channel, id, events[index] ?? ""));
	}
}

/** Ends a channel. */
export async function endOnce(origin: string, channel: string): Promise<void> {
	await publishOnce(`${eventsOf(origin, channel)}?end=1`, []);
}

function eventsOf(origin: string, channel: string): string {
	return `${origin}/channels/${channel}/events`;
}

async function publishOnce(url: string, events: string[]): Promise<string[]> {
	const key = randomUUID();
	for (;;) {
		try {
			const response = await fetch(url, {
				method: "POST",
				headers: {
					Authorization: `Bearer ${PUBLISH_KEY}`,
					"Content-Type": "application/json",
					"Idempotency-Key": key,
				},
				body: JSON.stringify(events.map((data) => ({ data }))),
			});
			const body = await response.text();
			if (response.status === 201) return (JSON.parse(body) as { ids: string[] }).ids;
			if (response.status < 500) throw new RefusedError(`${response.status} ${body}`);
		} catch (error) {
			if (error instanceof RefusedError) throw error;
			// The process was killed, and will be started again.
		}
		await wait(RETRY_MILLISECONDS);
	}
}

/** Publishes over one connection until the signal, without waiting for the answer to each. */
export async function stayUntil(signal: AbortSignal, origin: string, channel: string, ledger: Ledger): Promise<void> {
	const publisher = createPublisher({ url: origin, key: PUBLISH_KEY }).channel(channel);
	let last = 0;
	while (!signal.aborted) {
		const events = Array.from({ length: UNANSWERED }, () => randomUUID());
		for (const [index, { ids }] of (await publishAll(publisher, events)).entries()) {
			const [id = ""] = ids;
			ledger.acknowledge(channel, id, events[index] ?? "");
			if (Number(id) <= last) ledger.misplaced();
			last = Number(id);
		}
		await wait(PAUSE_MILLISECONDS);
	}
	await publisher.close();
}

async function publishAll(publisher: ChannelPublisher, events: string[]): Promise<Receipt[]> {
	for (;;) {
		try {
			// Every content is unique, so it is its own idempotency key.
			return await Promise.all(events.map((data) => publisher.publish({ data }, { idempotencyKey: data })));
		} catch (error) {
			// The client has given up. The process was killed again and again, just then.
			if (error instanceof TidingsError && !error.isTemporary) throw error;
		}
		await wait(RETRY_MILLISECONDS);
	}
}

class RefusedError extends Error {}
