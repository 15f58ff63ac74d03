import { describe, expect, it } from "vitest";
import { metered } from "../../scripts/cost/bill.ts";
import { ISOLATES, RULES } from "../../scripts/simulate/figures.ts";
import { costOf, loadOf, relaysOf } from "../../scripts/simulate/load.ts";
import { SCENARIOS, simulate } from "../../scripts/simulate/scenarios.ts";

const POPULATION = { seed: 1, subscribers: 12_000, crowdSize: 300 };
const RELAYS = 39;

describe("the simulation of a crowd", () => {
	it.each(SCENARIOS)("has everybody back, and no more waiting than were sent away, when $name", (scenario) => {
		const outcome = simulate(scenario, POPULATION);
		expect(outcome.opened).toBeGreaterThan(0);
		expect(outcome.absent).toBe(0);
		// Questions from each isolate, twice as many after a stream that the origin has opened itself; a report or a join from
		// each relay, and its question where newcomers go.
		const questions = RULES.questions * (ISOLATES + POPULATION.crowdSize);
		expect(outcome.origin.longestQueue).toBeLessThanOrEqual(questions + 2 * (RELAYS + outcome.relaysMade));
		expect(outcome.relay.longestQueue).toBeLessThanOrEqual(POPULATION.subscribers);
		// A full relay to which the origin answers with its own name takes those whom the answer is for.
		expect(outcome.fullest).toBeLessThanOrEqual(POPULATION.crowdSize * (1 + RULES.maxShare));
	});

	it.each(SCENARIOS)("comes out the same with the same seed, and differently with another, when $name", (scenario) => {
		const outcome = simulate(scenario, POPULATION);
		expect(simulate(scenario, POPULATION)).toEqual(outcome);
		expect(simulate(scenario, { ...POPULATION, seed: 2 })).not.toEqual(outcome);
	});

	it("leaves streams open while the origin is away, and breaks all of them when everything restarts", () => {
		const [, dies, , restarts] = SCENARIOS.map((scenario) => simulate(scenario, POPULATION));
		expect(dies?.longestUntied).toBeGreaterThan(0);
		expect(dies?.opened).toBeLessThan(POPULATION.subscribers / 10);
		expect(restarts?.opened).toBeGreaterThan(POPULATION.subscribers * 0.95);
	});
});

describe("the arithmetic of a crowd", () => {
	it.each(["direct", "hibernate"] as const)(
		"comes to what docs/cost.md says while there are no relays: %s",
		(delivery) => {
			const example = { delivery, subscribers: 1000, eventsPerMinute: 60 } as const;
			expect(costOf(example)).toBe(metered(example));
			expect(relaysOf(example.subscribers)).toBe(0);
		},
	);

	it("has the origin send each event once to each relay, however many streams they hold", () => {
		expect(loadOf(1_000_000).sending).toBeCloseTo((999 / 99) * loadOf(100_000).sending);
		expect(loadOf(1000).sending).toBe(0);
	});
});
