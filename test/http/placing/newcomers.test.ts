import { describe, expect, it } from "vitest";
import { Newcomers } from "../../../src/http/placing/newcomers.ts";

describe("Newcomers", () => {
	it("remembers a relay for five seconds, from when the channel named it", () => {
		const newcomers = new Newcomers();
		newcomers.sentTo({ channel: "orders", relay: "2" }, undefined, 1000);
		expect(newcomers.placeOf("orders", undefined, 5999)).toEqual({ channel: "orders", relay: "2" });
		expect(newcomers.placeOf("orders", undefined, 6000)).toEqual({ channel: "orders" });
		expect(newcomers.placeOf("chat:1", undefined, 1000)).toEqual({ channel: "chat:1" });
	});

	it("then has one client of a rush ask the origin, once a second, and the others go on as before", () => {
		const newcomers = new Newcomers();
		newcomers.sentTo({ channel: "orders", relay: "2" }, undefined, 0);
		const relays = [5000, 5000, 5999, 6000, 6001].map((now) => newcomers.placeOf("orders", undefined, now).relay);
		expect(relays).toEqual([undefined, "2", "2", undefined, "2"]);
	});

	it("sends nobody to a relay that was named long ago", () => {
		const newcomers = new Newcomers();
		newcomers.sentTo({ channel: "orders", relay: "2" }, undefined, 0);
		const relays = [6000, 6000, 7000].map((now) => newcomers.placeOf("orders", undefined, now).relay);
		expect(relays).toEqual([undefined, undefined, undefined]);
	});

	it("remembers for each region of clients where they were sent", () => {
		const newcomers = new Newcomers();
		newcomers.sentTo({ channel: "orders", relay: "weur/1" }, "weur", 0);
		newcomers.sentTo({ channel: "orders", relay: "apac/3" }, "apac", 0);
		expect(newcomers.placeOf("orders", "weur", 1)).toEqual({ channel: "orders", relay: "weur/1" });
		expect(newcomers.placeOf("orders", "apac", 1)).toEqual({ channel: "orders", relay: "apac/3" });
		expect(newcomers.placeOf("orders", undefined, 1)).toEqual({ channel: "orders" });
	});

	it("forgets a relay when the origin has room", () => {
		const newcomers = new Newcomers();
		newcomers.sentTo({ channel: "orders", relay: "2" }, undefined, 0);
		newcomers.sentTo({ channel: "orders" }, undefined, 1);
		expect(newcomers.placeOf("orders", undefined, 2)).toEqual({ channel: "orders" });
	});

	it("remembers 1,000 at most: the one that was named the longest ago goes", () => {
		const newcomers = new Newcomers();
		for (let number = 0; number < 1000; number += 1) {
			newcomers.sentTo({ channel: `chat:${number}`, relay: "1" }, undefined, number);
		}
		newcomers.sentTo({ channel: "chat:0", relay: "2" }, undefined, 1000);
		newcomers.sentTo({ channel: "chat:1000", relay: "1" }, undefined, 1001);
		const relays = ["chat:0", "chat:1", "chat:2"].map((channel) => newcomers.placeOf(channel, undefined, 1002).relay);
		expect(relays).toEqual(["2", undefined, "1"]);
	});
});
