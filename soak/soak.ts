import { setTimeout as wait } from "node:timers/promises";
import { PUBLISH_KEY, Workerd } from "../scripts/workerd.ts";
import { Ledger, type Verdict } from "./ledger.ts";
import { publishUntil } from "./publisher.ts";
import { Subscriber } from "./subscriber.ts";

const CHANNEL = "soak";
const PUBLISHERS = 6;
const SUBSCRIBERS = 8;
/** The process lives for a random time up to this, and is killed. */
const MAX_LIFE_MILLISECONDS = 1200;
/** How long subscribers may take to see the last event, once nobody publishes and nothing is killed any more. */
const CATCH_UP_MILLISECONDS = 30_000;

/** How long a soak goes on: for some seconds, and until the process has been killed so often. */
export interface SoakLength {
	seconds: number;
	kills: number;
}

export interface SoakResult extends Verdict {
	kills: number;
	seconds: number;
}

/**
 * Publishes from several connections without pause while the process is killed and started again on the same disk, at
 * random moments; subscribers come back with their cursors throughout.
 */
export async function soak(length: SoakLength, report: (result: SoakResult) => void = () => {}): Promise<SoakResult> {
	const server = await Workerd.start({ REPLAY_EVENTS: "10000", MAX_CONNECTIONS_PER_USER: "1000" });
	try {
		return await run(server, length, report);
	} finally {
		await server.stop();
	}
}

async function run(server: Workerd, length: SoakLength, report: (result: SoakResult) => void): Promise<SoakResult> {
	const startedAt = Date.now();
	const end = startedAt + length.seconds * 1000;
	const ledger = new Ledger();
	const stream = `${server.url}/events?channel=${CHANNEL}&ticket=${await ticket(server)}`;
	const start = await firstCursor(stream);
	const subscribers = Array.from({ length: SUBSCRIBERS }, () => new Subscriber(stream, start, ledger));
	const stopPublishing = new AbortController();
	const publishing = Promise.all(
		Array.from({ length: PUBLISHERS }, () =>
			publishUntil(stopPublishing.signal, `${server.url}/channels/${CHANNEL}/events`, ledger),
		),
	);
	const reading = Promise.all(subscribers.map((subscriber) => subscriber.run()));

	let kills = 0;
	const result = () => ({ ...ledger.verdict(), kills, seconds: (Date.now() - startedAt) / 1000 });
	while (Date.now() < end || kills < length.kills) {
		await Promise.race([wait(Math.random() * MAX_LIFE_MILLISECONDS), publishing, reading]);
		await server.kill();
		kills += 1;
		await server.restart();
		if (kills % 20 === 0) report(result());
	}
	stopPublishing.abort();
	await publishing;
	const deadline = Date.now() + CATCH_UP_MILLISECONDS;
	while (subscribers.some(({ position }) => position < ledger.last) && Date.now() < deadline) await wait(20);
	for (const subscriber of subscribers) subscriber.stop();
	await reading;
	return result();
}

async function ticket({ url }: Workerd): Promise<string> {
	const response = await fetch(`${url}/tickets`, {
		method: "POST",
		headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "application/json" },
		body: JSON.stringify({ user: "soak", channels: [CHANNEL], expiresIn: 3600, streamFor: 86_400, resumable: true }),
	});
	return ((await response.json()) as { ticket: string }).ticket;
}

/** The cursor of the empty channel. */
async function firstCursor(stream: string): Promise<string> {
	const abort = new AbortController();
	const response = await fetch(stream, { signal: abort.signal });
	for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
		const [, cursor] = /^id: (\d+)$/m.exec(chunk) ?? [];
		if (cursor !== undefined) {
			abort.abort();
			return cursor;
		}
	}
	throw new Error("The stream ended before it told a cursor.");
}
