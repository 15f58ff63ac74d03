import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { PUBLISH_KEY } from "../scripts/workerd.ts";
import type { Ledger } from "./ledger.ts";

/** How long a publisher waits before it repeats a request that was not answered. */
const RETRY_MILLISECONDS = 20;

/** Publishes without pause until the signal. A request without an answer is repeated with its idempotency key. */
export async function publishUntil(
	signal: AbortSignal,
	origin: string,
	channel: string,
	ledger: Ledger,
): Promise<void> {
	for (let round = 0; !signal.aborted; round += 1) {
		const events = Array.from({ length: 1 + (round % 3) }, () => randomUUID());
		const ids = await publishOnce(`${origin}/channels/${channel}/events`, events);
		ids.forEach((id, index) => void ledger.acknowledge(channel, id, events[index] ?? ""));
	}
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

class RefusedError extends Error {}
