import { describe, expect, it } from "vitest";
import { meantBy } from "../../../src/http/reading/spelling.ts";

const NAMES = ["channel", "type", "lastEventId", "rewind", "since", "presence", "token", "user"];

describe("meantBy", () => {
	it.each([
		["Channel", "channel"],
		["channels", "channel"],
		["chanel", "channel"],
		["channle", "channel"],
		["channel[]", "channel"],
		["channel_id", "channel"],
		["types", "type"],
		["TYPE", "type"],
		["tpye", "type"],
		["last-event-id", "lastEventId"],
		["Last-Event-Id", "lastEventId"],
		["lastEventld", "lastEventId"],
		["rewinds", "rewind"],
		["sinse", "since"],
		["presense", "presence"],
		["tokens", "token"],
		["usr", "user"],
	])("takes %s for %s", (written, meant) => {
		expect(meantBy(written, NAMES)).toBe(meant);
	});

	it.each([
		"",
		"_",
		"r",
		"t",
		"v",
		"id",
		"ts",
		"time",
		"page",
		"lang",
		"code",
		"state",
		"nonce",
		"cache",
		"utm_source",
	])("leaves %j alone", (written) => {
		expect(meantBy(written, NAMES)).toBeUndefined();
	});

	it("does not compare what is far too long", () => {
		expect(meantBy("-".repeat(100_000).concat("type"), NAMES)).toBeUndefined();
	});

	it("does not take a name of three letters for another", () => {
		expect(meantBy("map", ["gap"])).toBeUndefined();
		expect(meantBy("GAP", ["gap"])).toBe("gap");
	});
});
