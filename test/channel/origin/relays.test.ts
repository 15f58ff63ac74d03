import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Audience } from "../../../src/audience/audience.ts";
import { Headcount } from "../../../src/audience/headcount.ts";
import { Presence } from "../../../src/audience/presence.ts";
import type { RelaySubscriber } from "../../../src/audience/roster.ts";
import type { RelayNames } from "../../../src/channel/origin/relay-names.ts";
import { Relays } from "../../../src/channel/origin/relays.ts";
import { Logger } from "../../../src/logger.ts";
import type { ChannelMessage } from "../../../src/wire/link.ts";
import { holdTimersAndWaits } from "../../support/clock.ts";

const NOW = 1_795_223_089_000;

beforeEach(() => holdTimersAndWaits());

afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
});

/** Sets the timers forward, and lets happen what follows. */
async function pass(milliseconds: number): Promise<void> {
	await vi.advanceTimersByTimeAsync(milliseconds);
}

/** What an origin knows of its relays. */
function relaysOf(names: string[] = []) {
	const written = new Set(names);
	const headcount = new Headcount(new Presence());
	const audience = { tellPresence: vi.fn(), probe: vi.fn() };
	/** The relays that hold streams, or that fail. */
	const alive = new Map<string, boolean | Error>();
	/** What happens while a relay is called. */
	const meanwhile = { happens: (): void => undefined };
	const recalled: string[] = [];
	const emptied = vi.fn();
	const relays = new Relays({
		channel: "orders",
		names: {
			read: () => names,
			add: (name) => void written.add(name),
			delete: (name) => void written.delete(name),
		} as Partial<RelayNames> as RelayNames,
		headcount,
		audience: audience as Partial<Audience> as Audience,
		recall: async (name) => {
			recalled.push(name);
			meanwhile.happens();
			const answer = alive.get(name) ?? false;
			if (answer instanceof Error) throw answer;
			return answer;
		},
		logger: new Logger({}),
		emptied,
	});
	/** A relay joins, with as many streams. */
	const joined = (name: string, streams = 0) => {
		const relay = relays.calling(name, `life of ${name}`);
		const told: (ChannelMessage | "closed")[] = [];
		const tie = {
			tell: (message: ChannelMessage) => void told.push(message),
			outlet: { close: () => told.push("closed") },
		};
		relays.attach(relay, tie as unknown as RelaySubscriber);
		relays.recount(relay, [{ stream: { user: `user of ${name}` }, streams }]);
		return { relay, told };
	};
	const namesNow = () => Array.from(relays, ({ name }) => name);
	return { relays, audience, headcount, written, alive, meanwhile, recalled, emptied, joined, namesNow };
}

describe("a new relay", () => {
	it("has the smallest number that is free in its region, and its name is written down", () => {
		const { relays, joined, written } = relaysOf();
		joined("1");
		const { relay: two } = joined("2");
		joined("3");
		joined("weur/1");
		relays.forget(two);
		const made = [relays.make(undefined), relays.make(undefined), relays.make("weur"), relays.make("enam")];
		expect(made.map(({ name }) => name)).toEqual(["2", "4", "weur/2", "enam/1"]);
		expect([...written]).toEqual(["1", "3", "weur/1", "2", "4", "weur/2", "enam/1"]);
	});
});

describe("a relay", () => {
	it("that died leaves its streams counted for ten seconds, in which their clients may come back", async () => {
		const { relays, headcount, joined, audience } = relaysOf();
		joined("1", 3);
		relays.calling("1", "next life");
		await pass(9999);
		expect(headcount.streams).toBe(3);
		await pass(1);
		expect(headcount.streams).toBe(0);
		expect(audience.tellPresence).toHaveBeenCalled();
	});

	it("that is forgotten takes its streams and its name with it, is cut off, and may come back", () => {
		const { relays, headcount, joined, written, emptied, namesNow } = relaysOf();
		const { relay, told } = joined("1", 3);
		joined("2", 1);
		relays.forget(relay);
		relays.forget(relay);
		expect([headcount.streams, told, [...written], namesNow()]).toEqual([1, ["closed"], ["2"], ["2"]]);
		expect(emptied).not.toHaveBeenCalled();
		expect(relays.calling("1", "life of 1")).not.toBe(relay);
		expect(namesNow()).toEqual(["2", "1"]);
		for (const each of [...relays]) relays.forget(each);
		expect(emptied).toHaveBeenCalledTimes(1);
	});

	it("that died counts no more for a user who has too many streams", () => {
		const { relays, headcount, joined } = relaysOf();
		const { relay } = joined("1", 3);
		relays.recount(relay, [
			{ stream: { user: "alice" }, streams: 3 },
			{ stream: { user: "anonymous:1", anonymousFrom: "a" }, streams: 1 },
			{ stream: { user: "bob" }, streams: 1 },
		]);
		relays.calling("1", "next life");
		relays.probe({ user: "alice" }, NOW);
		expect([headcount.streams, headcount.countWith({ user: "alice" })]).toEqual([2, 0]);
		relays.probe({ user: "anonymous:2", anonymousFrom: "a" }, NOW);
		expect(headcount.streams).toBe(1);
	});

	it("that is cut off is asked whether it has died, once, where a user has too many streams", async () => {
		const { relays, headcount, joined, alive, recalled } = relaysOf();
		for (const name of ["1", "2"]) relays.attach(joined(name, 3).relay, undefined);
		alive.set("2", true);
		const probe = async () => {
			for (const name of ["1", "2"]) relays.probe({ user: `user of ${name}` }, NOW);
			await pass(0);
		};
		relays.probe({ user: "user of 1" }, NOW);
		await probe();
		expect(recalled).toEqual(["1", "2"]);
		expect(headcount.streams).toBe(6);
		await probe();
		expect(headcount.streams).toBe(3);
	});

	it("is told to probe streams only where it holds some of those", () => {
		const { relays, audience, joined } = relaysOf();
		const [one, two] = [joined("1", 2), joined("2", 1)];
		const stream = { user: "user of 1" };
		relays.probe(stream, NOW);
		expect(audience.probe).toHaveBeenCalledExactlyOnceWith(stream, NOW);
		expect([one.told, two.told]).toEqual([[{ type: "probe", stream }], []]);
	});
});

describe("relays that do not come back by themselves", () => {
	it("are called soon: those without streams are forgotten, and the others called again after ten seconds", async () => {
		const { alive, recalled, joined, namesNow } = relaysOf(["1", "2", "3"]);
		alive.set("2", true);
		joined("1", 5);
		await pass(249);
		expect(recalled).toEqual([]);
		await pass(1);
		expect(recalled).toEqual(["2", "3"]);
		expect(namesNow()).toEqual(["1", "2"]);
		await pass(10_000);
		expect(recalled).toEqual(["2", "3", "2"]);
		joined("2", 1);
		await pass(10_000);
		expect(recalled).toEqual(["2", "3", "2"]);
	});

	it("are forgotten where they do not answer, which is logged, and the others are called all the same", async () => {
		const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
		const { alive, recalled, namesNow } = relaysOf(["1", "2"]);
		alive.set("1", new Error("Network connection lost."));
		alive.set("2", true);
		await pass(10_000);
		expect([recalled, namesNow()]).toEqual([["1", "2"], ["2"]]);
		expect(`${logged.mock.calls}`).toContain("Network connection lost.");
	});

	it("are those too that were cut off, and not those that join while they are called", async () => {
		const { relays, alive, meanwhile, recalled, joined, namesNow } = relaysOf();
		const { relay } = joined("1", 5);
		relays.attach(relay, undefined);
		alive.set("1", true);
		await pass(10_000);
		expect([recalled, namesNow()]).toEqual([["1"], ["1"]]);
		alive.set("1", false);
		meanwhile.happens = () => void joined("1", 5);
		await pass(10_000);
		expect([recalled, namesNow()]).toEqual([["1", "1"], ["1"]]);
	});

	it("leave the streams that they held counted for ten seconds, unless these come back, at whatever place", async () => {
		const { relays, headcount, joined, namesNow } = relaysOf();
		const { relay } = joined("1", 5);
		relays.attach(relay, undefined);
		const settled = relays.settled();
		relays.return({ user: "user of 1" });
		expect(headcount.streams).toBe(4);
		await pass(250);
		await settled;
		relays.return({ user: "user of 1" });
		relays.return({ user: "somebody else" });
		expect([headcount.streams, namesNow()]).toEqual([3, ["1"]]);
		await pass(10_000);
		expect([headcount.streams, namesNow()]).toEqual([0, []]);
	});

	it("are not called soon where only others are cut off, since their clients are on their way", async () => {
		const { relays, recalled, joined } = relaysOf();
		relays.make(undefined);
		relays.attach(joined("2", 1).relay, undefined);
		await pass(250);
		expect(recalled).toEqual(["2"]);
	});

	it("are those too that were made for a client which did not come", async () => {
		const { relays, recalled, written } = relaysOf();
		relays.make(undefined);
		await pass(10_000);
		expect([recalled, [...written]]).toEqual([["1"], []]);
	});
});

describe("a question about the whole channel", () => {
	/** What has become of a question. */
	function asked(relays: Relays) {
		const state = { answer: "waits" };
		relays.settled().then(
			() => {
				state.answer = "answered";
			},
			(error: Error) => {
				state.answer = error.message;
			},
		);
		return state;
	}

	it("is answered at once while all relays follow that hold streams", async () => {
		const { relays, joined } = relaysOf();
		joined("1", 5);
		relays.attach(joined("2", 0).relay, undefined);
		const question = asked(relays);
		await pass(0);
		expect(question.answer).toBe("answered");
	});

	it("waits for relays that are older than the origin, until they are counted or forgotten", async () => {
		const { relays, alive, joined } = relaysOf(["1", "2"]);
		alive.set("2", true);
		const question = asked(relays);
		joined("1", 5);
		await pass(1000);
		expect(question.answer).toBe("waits");
		relays.forget(relays.calling("2", "life"));
		await pass(0);
		expect(question.answer).toBe("answered");
	});

	it("is refused after two seconds", async () => {
		const { relays, alive, joined } = relaysOf(["1", "2"]);
		alive.set("2", true);
		joined("1", 5);
		const question = asked(relays);
		await pass(1999);
		expect(question.answer).toBe("waits");
		await pass(1);
		expect(question.answer).toContain("orders is not back yet");
	});
});
