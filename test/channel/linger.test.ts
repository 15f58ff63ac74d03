import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Linger } from "../../src/channel/linger.ts";
import type { Publish } from "../../src/channel/publishing.ts";
import type { Json } from "../../src/wire/json.ts";
import { holdTimers } from "../support/clock.ts";

function publish(): Publish {
	const request = { events: [{ type: "message", data: '"x"' as Json }] };
	return { request, resolve: () => undefined, reject: () => undefined };
}

let submitted: Publish[][];

beforeEach(() => {
	submitted = [];
	holdTimers();
});

afterEach(() => {
	vi.useRealTimers();
});

function linger(milliseconds: number): Linger<Publish> {
	return new Linger(milliseconds, (publishes) => void submitted.push(publishes));
}

describe("publishes that linger", () => {
	it("are submitted together when the first has waited for the time", () => {
		const lingering = linger(50);
		const [first, second, third] = [publish(), publish(), publish()];
		lingering.add([first]);
		vi.advanceTimersByTime(49);
		lingering.add([second]);
		expect(submitted).toEqual([]);
		vi.advanceTimersByTime(1);
		expect(submitted).toEqual([[first, second]]);
		lingering.add([third]);
		vi.advanceTimersByTime(50);
		expect(submitted).toEqual([[first, second], [third]]);
	});

	it("are submitted at once when the time is 0", () => {
		const [first, second] = [publish(), publish()];
		linger(0).add([first, second]);
		expect(submitted).toEqual([[first, second]]);
		expect(vi.getTimerCount()).toBe(0);
	});

	it("are submitted at once when that is asked for, and the next ones linger again", () => {
		const lingering = linger(50);
		const [first, second] = [publish(), publish()];
		lingering.add([first]);
		lingering.flush();
		lingering.add([second]);
		vi.advanceTimersByTime(49);
		expect(submitted).toEqual([[first]]);
		vi.advanceTimersByTime(1);
		expect(submitted).toEqual([[first], [second]]);
		lingering.flush();
		expect(submitted).toHaveLength(2);
	});

	it("are submitted when the end comes, and none linger after it", () => {
		const lingering = linger(1000);
		const [first, second] = [publish(), publish()];
		lingering.add([first]);
		lingering.end();
		lingering.add([second]);
		expect(submitted).toEqual([[first], [second]]);
		expect(vi.getTimerCount()).toBe(0);
	});
});
