import { describe, expect, it } from "vitest";
import type { Audience } from "../../src/audience/audience.ts";
import type { Subscriber } from "../../src/audience/subscriber.ts";
import { endMatching } from "../../src/channel/end-matching.ts";
import type { EndedSubscribers } from "../../src/wire/calls.ts";

describe("streams that are ended from outside", () => {
	it.each<[EndedSubscribers, string[]]>([
		[{ user: "alice" }, ["a", "b"]],
		[{ connection: "b" }, ["b"]],
		[{ user: "b" }, []],
	])("are those that match %j", async (which, expected) => {
		const streams = [
			{ connection: "a", subscription: { user: "alice" } },
			{ connection: "b", subscription: { user: "alice" } },
			{ connection: "c", subscription: { user: "carol" } },
		] as Subscriber[];
		const ended: string[] = [];
		const audience: Pick<Audience, "endWhere"> = {
			endWhere: async (test, reason) => {
				expect(reason).toBe("revoked");
				ended.push(...streams.filter(test).map(({ connection }) => connection));
				return ended.length;
			},
		};
		expect(await endMatching(audience as Audience, which)).toBe(expected.length);
		expect(ended).toEqual(expected);
	});
});
