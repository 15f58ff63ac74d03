import { afterEach, describe, expect, it, vi } from "vitest";
import { FollowedLog } from "../../src/log/followed-log.ts";
import { Logger } from "../../src/logger.ts";
import type { Extent, LogPart } from "../../src/wire/relay.ts";
import { storedEvent } from "../support/events.ts";
import { DAY, NOW, range } from "../support/log.ts";

afterEach(() => void vi.restoreAllMocks());

/** The origin's log has events 101 to 120, and has forgotten those up to 104. */
const EXTENT: Extent = { born: 100, start: 100, head: 120, oldest: 105, ended: null };

function eventsOf(first: number, last: number, at = NOW) {
	return range(first, last).map((offset) => storedEvent({ offset, at }));
}

/** What an origin answers when it is asked for what follows a position: three events. */
async function partAfter(after: number): Promise<LogPart> {
	return { events: eventsOf(Math.max(after + 1, 105), Math.max(after + 1, 105) + 2), oldest: 105 };
}

/** A relay's log, and the positions for which it has asked the origin. */
function followed(answer: (after: number) => Promise<LogPart> = partAfter, events = 1000) {
	const asked: number[] = [];
	const fetched = vi.fn();
	const log = new FollowedLog({
		retention: { events, milliseconds: DAY },
		logger: new Logger({}),
		fetch: (after) => {
			asked.push(after);
			return answer(after);
		},
		fetched,
	});
	return { log, asked, fetched };
}

/** A relay's log that follows from event 117 on. */
function joined(...args: Parameters<typeof followed>) {
	const parts = followed(...args);
	parts.log.learn(EXTENT);
	parts.log.moveTo(116);
	parts.log.append(eventsOf(117, 120));
	return parts;
}

function read(log: FollowedLog, after: number, now = NOW): number[] {
	return [...log.read(after, now)].map(({ offset }) => offset);
}

describe("the log of an origin, at a relay", () => {
	it("begins where the relay joins, and stands as the origin says", () => {
		const { log } = joined();
		expect(log).toMatchObject({ born: 100, start: 100, head: 120, ended: undefined });
		expect(log.oldest(NOW)).toBe(105);
		expect(read(log, 118)).toEqual([119, 120]);
		expect(read(log, 120)).toEqual([]);
	});

	it("returns those of the events that are new, so that nothing is told twice", () => {
		const { log } = joined();
		expect(log.append(eventsOf(118, 120))).toEqual([]);
		expect(log.append(eventsOf(119, 122)).map(({ offset }) => offset)).toEqual([121, 122]);
		expect(read(log, 116)).toEqual(range(117, 122));
	});

	it("begins with its first event where nothing had been published", () => {
		const { log } = followed();
		log.learn({ born: 0, start: 0, head: 0, oldest: null, ended: null });
		log.moveTo(0);
		expect(log.oldest(NOW)).toBeUndefined();
		expect(log.has(0)).toBe(true);
		log.append(eventsOf(1001, 1003));
		expect(log).toMatchObject({ born: 1000, start: 1000, head: 1003 });
		expect(read(log, 0)).toEqual([1001, 1002, 1003]);
	});

	it("keeps no event from before a jump, which would leave a gap", () => {
		const { log } = joined();
		log.append(eventsOf(125, 126));
		expect(log.head).toBe(126);
		expect(log.has(124)).toBe(true);
		expect(log.has(119)).toBe(false);
		expect(read(log, 124)).toEqual([125, 126]);
	});

	it("has ended once the relay has the last event, and not before", () => {
		const { log } = joined();
		log.learn({ ...EXTENT, head: 121, ended: "ended" });
		expect(log.ended).toBeUndefined();
		log.append(eventsOf(121, 121));
		expect(log.ended).toBe("ended");
	});

	it("forgets what is beyond the number and the age of the events that the channel retains", () => {
		const { log } = joined(partAfter, 3);
		expect(log.oldest(NOW)).toBe(118);
		expect(read(log, 110)).toEqual([118, 119, 120]);
		log.append(eventsOf(121, 121, NOW + DAY));
		expect(log.oldest(NOW + DAY + 1)).toBe(121);
		expect(log.oldest(NOW + 2 * DAY + 1)).toBeUndefined();
		expect(read(log, 110, NOW + 2 * DAY + 1)).toEqual([]);
	});
});

describe("what is older than the memory of a relay", () => {
	it("is never passed over: it is not there until the origin has sent it", async () => {
		const { log, asked, fetched } = joined();
		expect(log.has(106)).toBe(false);
		expect(() => read(log, 106)).toThrow("The relay does not know the event 107 yet.");
		await vi.waitFor(() => expect(fetched).toHaveBeenCalledTimes(1));
		expect(asked).toEqual([106]);
		expect(log.has(106)).toBe(true);
		expect(read(log, 106)).toEqual([107, 108, 109]);
		expect(log.has(107)).toBe(true);
		expect(read(log, 107)).toEqual([108, 109]);
		expect(log.has(109)).toBe(false);
	});

	it("is read on from memory where the part reaches it", async () => {
		const { log, fetched } = joined();
		log.has(114);
		await vi.waitFor(() => expect(fetched).toHaveBeenCalled());
		expect(read(log, 114)).toEqual([115, 116, 117, 118, 119, 120]);
	});

	it("is asked for once by streams that wait for the same, and by a few at a time", async () => {
		const { log, asked, fetched } = joined();
		for (const after of [105, 105, 106, 107, 108, 109, 110]) log.has(after);
		expect(asked).toEqual([105, 106, 107, 108]);
		await vi.waitFor(() => expect(fetched).toHaveBeenCalledTimes(4));
		log.has(112);
		expect(asked).toHaveLength(5);
	});

	it("is kept in a few parts, and given up when nobody reads", async () => {
		const { log, fetched } = joined(async (after) => ({ events: eventsOf(after + 1, after + 1), oldest: 105 }));
		for (const [index, after] of [104, 105, 106, 107, 108, 109, 110, 111, 112].entries()) {
			log.has(after);
			await vi.waitFor(() => expect(fetched).toHaveBeenCalledTimes(index + 1));
		}
		expect([log.has(105), log.has(112), log.has(104)]).toEqual([true, true, false]);
		await vi.waitFor(() => expect(fetched).toHaveBeenCalledTimes(10));
		log.clearCache();
		expect(log.has(112)).toBe(false);
	});

	it("is asked for again after a failure", async () => {
		const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
		let fails = true;
		const { log, asked, fetched } = joined(async (after) => {
			if (fails) throw new Error("The origin has died.");
			return await partAfter(after);
		});
		log.has(106);
		await vi.waitFor(() => expect(logged).toHaveBeenCalled());
		expect(fetched).not.toHaveBeenCalled();
		fails = false;
		await vi.waitFor(() => expect(log.has(106)).toBe(true));
		expect(asked).toEqual([106, 106]);
	});

	it("is gone where the origin has forgotten it meanwhile", async () => {
		const { log, fetched } = joined(async () => ({ events: eventsOf(110, 112), oldest: 110 }));
		log.has(106);
		await vi.waitFor(() => expect(fetched).toHaveBeenCalled());
		expect(log.oldest(NOW)).toBe(110);
		expect(read(log, 106)).toEqual([110, 111, 112]);
	});
});

describe("a wipe of the origin", () => {
	it("takes what is in memory, what was fetched and what is on its way", async () => {
		const late = Promise.withResolvers<LogPart>();
		const { log, asked, fetched } = joined((after) => (after === 110 ? late.promise : partAfter(after)));
		log.has(106);
		await vi.waitFor(() => expect(fetched).toHaveBeenCalledTimes(1));
		log.has(110);
		log.wipe();
		late.resolve(await partAfter(110));
		await vi.waitFor(() => {
			expect(log.has(110)).toBe(false);
			expect(asked).toEqual([106, 110, 110]);
		});
		expect(log.has(106)).toBe(false);
		expect(log.has(118)).toBe(false);
		expect(log.head).toBe(120);
	});

	it("that happened while the relay was cut off takes all events from before", () => {
		const { log } = joined();
		log.learn({ ...EXTENT, head: 120, oldest: null });
		expect(log.oldest(NOW)).toBeUndefined();
		expect(read(log, 116)).toEqual([]);
		log.append(eventsOf(121, 122));
		expect(read(log, 116)).toEqual([121, 122]);
	});
});
