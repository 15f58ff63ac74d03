import { setTimeout as wait } from "node:timers/promises";
import { PUBLISH_KEY, Workerd } from "../scripts/workerd.ts";
import { Ledger, type Verdict } from "./ledger.ts";
import { endOnce, publishUntil, stayUntil } from "./publisher.ts";
import { Subscriber } from "./subscriber.ts";

const CHANNELS = ["soak:a", "soak:b", "soak:c"];
/** They publish with requests. One more of each channel stays, and publishes over a WebSocket. */
const PUBLISHERS_PER_CHANNEL = 2;
/** Some subscribers read one channel, others read all channels in one stream. */
const SUBSCRIBERS_PER_CHANNEL = 2;
const SUBSCRIBERS_OF_ALL = 4;
/** It is killed once more while the channels are ended, within this time. */
const MAX_END_MILLISECONDS = 30;
/** The process is killed after a random time up to this. */
const MAX_LIFE_MILLISECONDS = 1200;
/** How long subscribers may take to be told that their channels have ended, once they have and the killing has stopped. */
const CATCH_UP_MILLISECONDS = 30_000;

export interface SoakOptions {
	/** How long to run at least. */
	seconds: number;
	/** How often to kill the process at least. */
	kills: number;
	/** The setting `DELIVERY`. */
	delivery: string;
	/** The folder of the built service. Default: it is built first. */
	built?: string;
}

export interface SoakResult extends Verdict {
	kills: number;
	seconds: number;
}

/**
 * Publishes from several connections without pause, while the process is killed at random moments and started again on
 * the same disk. Subscribers reconnect with their cursors throughout. At last the channels are ended, and all of them have
 * to be told.
 */
export async function soak(options: SoakOptions, report: (result: SoakResult) => void = () => {}): Promise<SoakResult> {
	const server = await Workerd.start(
		{ REPLAY_EVENTS: "10000", MAX_CONNECTIONS_PER_USER: "1000", DELIVERY: options.delivery },
		{ built: options.built },
	);
	try {
		return await run(server, options, report);
	} finally {
		await server.stop();
	}
}

async function run(server: Workerd, options: SoakOptions, report: (result: SoakResult) => void): Promise<SoakResult> {
	const startedAt = Date.now();
	const end = startedAt + options.seconds * 1000;
	const ledger = new Ledger();
	const open = await subscribersOf(server, ledger);
	const stopPublishing = new AbortController();
	const publishing = Promise.all(
		CHANNELS.flatMap((channel) => [
			...Array.from({ length: PUBLISHERS_PER_CHANNEL }, () =>
				publishUntil(stopPublishing.signal, server.url, channel, ledger),
			),
			stayUntil(stopPublishing.signal, server.url, channel, ledger),
		]),
	);
	const reading = Promise.all(open.map((subscriber) => subscriber.run()));

	let kills = 0;
	const result = () => ({ ...ledger.verdict(), kills, seconds: (Date.now() - startedAt) / 1000 });
	while (Date.now() < end || kills < options.kills) {
		await Promise.race([wait(Math.random() * MAX_LIFE_MILLISECONDS), publishing, reading]);
		await server.kill();
		kills += 1;
		await server.restart();
		if (kills % 20 === 0) report(result());
	}
	stopPublishing.abort();
	await publishing;
	const ending = Promise.all(CHANNELS.map((channel) => endOnce(server.url, channel)));
	await wait(Math.random() * MAX_END_MILLISECONDS);
	await server.kill();
	kills += 1;
	await server.restart();
	await ending;
	await Promise.race([reading, wait(CATCH_UP_MILLISECONDS, undefined, { ref: false })]);
	for (const subscriber of open) {
		if (!subscriber.isOver) ledger.untold();
		subscriber.stop();
	}
	await reading;
	return result();
}

async function subscribersOf(server: Workerd, ledger: Ledger): Promise<Subscriber[]> {
	const all = Array.from({ length: SUBSCRIBERS_OF_ALL }, () => CHANNELS);
	const single = CHANNELS.flatMap((channel) => Array.from({ length: SUBSCRIBERS_PER_CHANNEL }, () => [channel]));
	const credentials = await ticket(server);
	return await Promise.all(
		[...all, ...single].map((channels) => Subscriber.open(server.url, credentials, channels, ledger)),
	);
}

async function ticket({ url }: Workerd): Promise<string> {
	const response = await fetch(`${url}/tickets`, {
		method: "POST",
		headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "application/json" },
		body: JSON.stringify({ user: "soak", channels: CHANNELS, expiresIn: 3600, streamFor: 86_400, resumable: true }),
	});
	return ((await response.json()) as { ticket: string }).ticket;
}
