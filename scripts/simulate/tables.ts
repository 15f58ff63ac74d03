import { decimal, dollars, row } from "../page-tables.ts";
import { CROWD_SIZE, costOf, deliveriesOf, loadOf, relaysOf } from "./load.ts";
import { ablyOf, centrifugoOf, pubnubOf } from "./others.ts";
import { type Outcome, SCENARIOS, simulate } from "./scenarios.ts";

/** The rows of the tables in docs/scale.md. */

const SUBSCRIBERS = [1000, 100_000, 1_000_000, 10_000_000];
const RATES = { 1: "a minute", 60: "a second" } as const;
const CROWDS = SUBSCRIBERS.flatMap((subscribers) =>
	([1, 60] as const).map((eventsPerMinute) => ({ subscribers, eventsPerMinute })),
);
/** What the simulation begins with. */
const POPULATIONS = [100_000, 1_000_000].map((subscribers) => ({ seed: 17, subscribers, crowdSize: CROWD_SIZE }));

function count(number: number): string {
	return decimal(number, 0);
}

/** The rows of the table of what the origin does. */
export function originRows(): string[] {
	return SUBSCRIBERS.map((subscribers) => {
		const { sending, requests, requestsShare, bytes } = loadOf(subscribers);
		return row([
			count(subscribers),
			count(relaysOf(subscribers)),
			decimal(sending, 1),
			count(requests),
			`${decimal(100 * requestsShare, 0)} %`,
			decimal(bytes / 1e6, 1),
		]);
	});
}

/** The rows of the table of what it costs. */
export function costRows(): string[] {
	return CROWDS.map((crowd) =>
		row([
			count(crowd.subscribers),
			RATES[crowd.eventsPerMinute],
			count(relaysOf(crowd.subscribers) + 1),
			count(deliveriesOf(crowd) / 1e6),
			dollars(costOf({ ...crowd, delivery: "direct" })),
			dollars(costOf({ ...crowd, delivery: "hibernate" })),
		]),
	);
}

/** The rows of the table of what others ask. */
export function otherRows(): string[] {
	return CROWDS.map((crowd) => {
		const { cpus, machines, traffic } = centrifugoOf(crowd);
		return row([
			count(crowd.subscribers),
			RATES[crowd.eventsPerMinute],
			count(costOf({ ...crowd, delivery: "direct" })),
			`${count(ablyOf(crowd, "lowest"))} to ${count(ablyOf(crowd, "list"))}`,
			count(pubnubOf(crowd)),
			`${count(machines + traffic)} (${count(cpus)} CPUs)`,
		]);
	});
}

function seconds(milliseconds: number): string {
	return decimal(milliseconds / 1000, 1);
}

/** The rows of the table of what happens to many subscribers. */
export function simulationRows(): string[] {
	return POPULATIONS.flatMap((population) =>
		SCENARIOS.map((scenario) => outcomeRow(population.subscribers, simulate(scenario, population))),
	);
}

function outcomeRow(subscribers: number, outcome: Outcome): string {
	const { name, opened, relaysMade, origin, relay, behind, longestUntied } = outcome;
	return row([
		count(subscribers),
		name,
		count(opened),
		count(relaysMade),
		count(origin.peakRequests),
		seconds(origin.longestWait),
		count(relay.peakRequests),
		seconds(behind.half),
		seconds(behind.most),
		seconds(Math.max(behind.all, longestUntied)),
	]);
}
