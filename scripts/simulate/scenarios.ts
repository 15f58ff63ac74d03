import { Crowd, type Population } from "./crowd.ts";

/** What happens to a crowd after ten seconds. */
export interface Scenario {
	name: string;
	happens: (crowd: Crowd) => void;
}

export const SCENARIOS: Scenario[] = [
	{ name: "nothing else", happens: () => {} },
	{ name: "the origin dies", happens: (crowd) => crowd.restartOrigin() },
	{ name: "a region is lost", happens: (crowd) => crowd.loseRegion() },
	{ name: "everything restarts", happens: (crowd) => crowd.restartAll() },
];

const HAPPENS_AT = 10_000;
const MINUTES = 2;
const RETURNING_PER_MINUTE = 0.01;

/** What came of it. Times are in milliseconds. */
export interface Outcome {
	name: string;
	/** How many streams were opened, and how many times one was sent on or had to try again. */
	opened: number;
	moves: number;
	failures: number;
	/** How many subscribers have no stream in the end. */
	absent: number;
	relaysMade: number;
	/** The most streams that a relay has in the end. */
	fullest: number;
	/** The most requests in a second, and the most that waited at once. */
	origin: { peakRequests: number; longestQueue: number; longestWait: number };
	relay: { peakRequests: number; longestQueue: number };
	/** How long streams were broken: half of them at most so long, 99 of 100, and all. */
	behind: { half: number; most: number; all: number };
	/** How long a relay with streams was without the origin. */
	longestUntied: number;
}

/** Runs a scenario until everybody is back. The same population has the same outcome. */
export function simulate({ name, happens }: Scenario, population: Population): Outcome {
	const crowd = new Crowd(population);
	crowd.live(MINUTES, RETURNING_PER_MINUTE);
	crowd.agenda.at(HAPPENS_AT, () => happens(crowd));
	const relays = new Set(crowd.origin.relays.flat());
	crowd.agenda.run();
	for (const relay of crowd.origin.relays.flat()) relays.add(relay);
	const all = [...relays];
	const behind = Float64Array.from(crowd.behind).sort();
	const part = (share: number) => behind[Math.max(0, Math.ceil(share * behind.length) - 1)] ?? 0;
	const { thread, made } = crowd.origin;
	return {
		name,
		opened: behind.length,
		moves: crowd.moves,
		failures: crowd.failures,
		absent: crowd.clients.filter(({ isOpen }) => !isOpen).length,
		relaysMade: made,
		fullest: most(all.map(({ streams }) => streams)),
		origin: {
			peakRequests: thread.peakRequests,
			longestQueue: thread.longestQueue,
			longestWait: thread.longestWait,
		},
		relay: {
			peakRequests: most(all.map(({ thread }) => thread.peakRequests)),
			longestQueue: most(all.map(({ thread }) => thread.longestQueue)),
		},
		behind: { half: part(0.5), most: part(0.99), all: part(1) },
		longestUntied: most(all.map(({ longestUntied }) => longestUntied)),
	};
}

function most(numbers: number[]): number {
	return numbers.reduce((most, number) => Math.max(most, number), 0);
}
