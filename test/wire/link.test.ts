import { describe, expect, it } from "vitest";
import {
	CHANNEL_URL,
	clientRequestId,
	isJoining,
	joinedStart,
	joinHeaders,
	joinResponse,
	openHeaders,
	relaySubscription,
	requestedRelay,
	requestedSubscription,
} from "../../src/wire/link.ts";
import { subscriptionOf } from "../support/subscription.ts";

const AWKWARD = ["é", "\u{1f600}", "\ud800", '"\\', "\n\t\u0000\u007f", " a ", "%41", "\u2028"];

describe("a subscription", () => {
	it.each(AWKWARD)("arrives as it was sent, in a header of ASCII characters: %j", (user) => {
		const subscription = subscriptionOf({ user, claims: { sub: user, [user]: [user] } });
		for (const headers of [openHeaders(subscription, "r1"), joinHeaders(subscription)]) {
			expect(Object.values(headers).join("")).toMatch(/^[ -~]+$/);
			expect(requestedSubscription(new Request(CHANNEL_URL, { headers }))).toEqual(subscription);
		}
	});

	it("comes with the id of the client's request, or from a session", () => {
		const opening = new Request(CHANNEL_URL, { headers: openHeaders(subscriptionOf(), "r1") });
		const joining = new Request(CHANNEL_URL, { headers: joinHeaders(subscriptionOf()) });
		expect(clientRequestId(opening)).toBe("r1");
		expect([isJoining(opening), isJoining(joining)]).toEqual([false, true]);
	});

	it.each([{}, { "Tidings-Stream": "{}" }])("of another version of the service is refused", (headers) => {
		const request = new Request(CHANNEL_URL, { headers });
		expect(() => requestedSubscription(request)).toThrow(
			"channel_unavailable: The stream was opened by another version",
		);
	});
});

describe("a relay that joins", () => {
	it("says who it is, and is none of the streams", () => {
		const subscription = relaySubscription("weur/2", "life", 1000);
		const request = new Request(CHANNEL_URL, { headers: joinHeaders(subscription) });
		expect(requestedRelay(request)).toEqual({ name: "weur/2", life: "life", subscription });
		expect(isJoining(request)).toBe(true);
		for (const headers of [joinHeaders(subscriptionOf({ dialect: "stored" })), openHeaders(subscriptionOf(), "r1")]) {
			expect(requestedRelay(new Request(CHANNEL_URL, { headers }))).toBeUndefined();
		}
	});
});

describe("the start of a session", () => {
	it.each(AWKWARD)("arrives as it was sent: %j", (after) => {
		const { 0: theirs } = new WebSocketPair();
		const gap = { after, oldest: null, reason: "foreign_cursor" } as const;
		const start = { position: 1, cursor: 1, resumed: false, gap };
		expect(joinedStart(joinResponse(theirs, start))).toEqual(start);
	});
});
