import { describe, expect, it } from "vitest";
import {
	askingHeaders,
	movedBy,
	movedTo,
	objectNameOf,
	type Place,
	placeOf,
	regionOf,
	requestedAsking,
} from "../../src/wire/place.ts";

describe("a place", () => {
	it.each<[Place, string]>([
		[{ channel: "orders" }, "orders"],
		[{ channel: "orders", relay: "2" }, "orders/2"],
		[{ channel: "user:auth0~7C1", relay: "weur/12" }, "user:auth0~7C1/weur/12"],
	])("%j has the object %s, and no other", (place, objectName) => {
		expect(objectNameOf(place)).toBe(objectName);
		expect(placeOf(objectName)).toEqual(place);
	});

	it("is made in the region that its relay is named after", () => {
		expect([regionOf("2"), regionOf("weur/2"), regionOf("apac/1")]).toEqual([undefined, "weur", "apac"]);
	});
});

describe("the answer that sends a new stream on", () => {
	it.each([{ share: 1 }, { relay: "2", share: 50 }, { relay: "weur/2", share: 7 }])(
		"says where to, and for how many it is good: %j",
		(place) => {
			expect(movedBy(movedTo(place))).toEqual(place);
		},
	);

	it.each([
		new Response("data: 1\n\n"),
		new Response(null, { status: 204 }),
		new Response(null, { status: 421 }),
		new Response(null, { status: 503, headers: { "Tidings-Relay": "2" } }),
	])("is none of the others: $status", (response) => {
		expect(movedBy(response)).toBeUndefined();
	});
});

describe("what a request for a new stream asks", () => {
	it.each([
		{ near: undefined, wanted: 1 },
		{ near: "weur", wanted: 50 },
	] as const)("arrives as it was sent: %j", (asking) => {
		expect(requestedAsking(new Request("https://channel/", { headers: askingHeaders(asking) }))).toEqual(asking);
	});

	it("is for one stream where it does not say", () => {
		expect(requestedAsking(new Request("https://channel/"))).toEqual({ near: undefined, wanted: 1 });
	});
});
