import { setTimeout as wait } from "node:timers/promises";
import { PUBLISH_KEY, Workerd } from "../scripts/workerd.ts";
import { HARMED, type Harm, harmUntil } from "./harm.ts";
import { Ledger, type Verdict } from "./ledger.ts";
import { endOnce, publishUntil, stayUntil } from "./publisher.ts";
import { Subscriber } from "./subscriber.ts";

const CHANNELS = ["soak:a", "soak:b", "soak:c"];
/** They publish with requests. One more of each channel stays, and publishes over a WebSocket. */
const PUBLISHERS_PER_CHANNEL = 2;
/** Some subscribers read one channel, others read all channels in one stream. */
const FEW = { ofOne: 2, ofAll: 4 };
/** The same when channels spread: 40 subscribers. */
const CROWD = { ofOne: 9, ofAll: 13 };
/** The rules with which the channels differ in their delivery. */
const BOTH = [
	{ match: "soak:b", delivery: "hibernate" },
	{ match: "soak:*", delivery: "direct" },
];
/** It is killed once more while the channels are ended, within this time. */
const MAX_END_MILLISECONDS = 30;
/** The process is killed after a random time up to this. */
const MAX_LIFE_MILLISECONDS = 1200;
/** The same when its objects are harmed too: they have to have the time to spread. */
const MAX_SPREAD_LIFE_MILLISECONDS = 8000;
/** How long subscribers may take to be told that their channels have ended, once they have and the killing has stopped. */
const CATCH_UP_MILLISECONDS = 30_000;

export interface SoakOptions {
	/** How long to run at least. */
	seconds: number;
	/** How often to kill the process at least. */
	kills: number;
	/** The setting `DELIVERY`, or `both`: the channels differ. */
	delivery: string;
	/** The setting `CROWD_SIZE`. With it, 40 subscribers have the channels spread, and single objects are harmed too. */
	crowdSize?: number | undefined;
	/** The folder of the built service. Default: it is built first. */
	built?: string;
}

export interface SoakResult extends Verdict {
	kills: number;
	seconds: number;
	/** What was harmed besides the process. */
	harm: Harm;
	/** The most relays that the channels had together. */
	relays: number;
}

/**
 * Publishes from several connections without pause, while the process is killed at random moments and started again on
 * the same disk. Subscribers reconnect with their cursors throughout. At last the channels are ended, and all of them have
 * to be told.
 */
export async function soak(options: SoakOptions, report: (result: SoakResult) => void = () => {}): Promise<SoakResult> {
	const { delivery, crowdSize, built } = options;
	const server = await Workerd.start(
		{
			REPLAY_EVENTS: "10000",
			MAX_CONNECTIONS_PER_USER: "1000",
			...(delivery === "both" ? { CHANNEL_RULES: JSON.stringify(BOTH) } : { DELIVERY: delivery }),
			...(crowdSize !== undefined && { CROWD_SIZE: String(crowdSize) }),
		},
		crowdSize === undefined ? { built } : { worker: HARMED },
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
	const isSpread = options.crowdSize !== undefined;
	const maxLife = isSpread ? MAX_SPREAD_LIFE_MILLISECONDS : MAX_LIFE_MILLISECONDS;
	const ledger = new Ledger();
	const open = await openSubscribers(server, ledger, isSpread ? CROWD : FEW);
	const stop = new AbortController();
	const publishing = Promise.all(
		CHANNELS.flatMap((channel) => [
			...Array.from({ length: PUBLISHERS_PER_CHANNEL }, () => publishUntil(stop.signal, server.url, channel, ledger)),
			stayUntil(stop.signal, server.url, channel, ledger),
		]),
	);
	const reading = Promise.all(open.map((subscriber) => subscriber.run()));
	const harm: Harm = { relays: 0, origins: 0, ties: 0 };
	const harming = isSpread ? harmUntil(stop.signal, server.url, harm) : undefined;

	let kills = 0;
	let relays = 0;
	const result = () => ({ ...ledger.verdict(), kills, harm, relays, seconds: (Date.now() - startedAt) / 1000 });
	while (Date.now() < end || kills < options.kills) {
		await Promise.race([wait(Math.random() * maxLife), publishing, reading]);
		if (isSpread) relays = Math.max(relays, await relaysOf(server));
		await server.kill();
		kills += 1;
		await server.restart();
		if (kills % 20 === 0) report(result());
	}
	stop.abort();
	await publishing;
	await harming;
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

async function openSubscribers(
	server: Workerd,
	ledger: Ledger,
	{ ofOne, ofAll }: { ofOne: number; ofAll: number },
): Promise<Subscriber[]> {
	const all = Array.from({ length: ofAll }, () => CHANNELS);
	const single = CHANNELS.flatMap((channel) => Array.from({ length: ofOne }, () => [channel]));
	const credentials = await ticket(server);
	return await Promise.all(
		[...all, ...single].map((channels) => Subscriber.open(server.url, credentials, channels, ledger)),
	);
}

/** Over how many relays the channels have spread. A channel whose origin was just aborted may not say it. */
async function relaysOf({ url }: Workerd): Promise<number> {
	const headers = { Authorization: `Bearer ${PUBLISH_KEY}` };
	const states = await Promise.all(
		CHANNELS.map(async (channel) => {
			const response = await fetch(`${url}/channels/${channel}`, { headers });
			return response.ok ? ((await response.json()) as { relays: number }).relays : 0;
		}),
	);
	return states.reduce((total, relays) => total + relays, 0);
}

async function ticket({ url }: Workerd): Promise<string> {
	const response = await fetch(`${url}/tickets`, {
		method: "POST",
		headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "application/json" },
		body: JSON.stringify({ user: "soak", channels: CHANNELS, expiresIn: 3600, streamFor: 86_400, resumable: true }),
	});
	return ((await response.json()) as { ticket: string }).ticket;
}
