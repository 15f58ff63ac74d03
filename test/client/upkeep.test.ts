import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Upkeep } from "../../src/client/upkeep.ts";

const URL_OF_STREAM = new URL("https://events.example.com/connections/c");
const HOUR_SECONDS = 3600;

let stream: AbortController;
let answer: () => Response;
const reopen = vi.fn();
const sent = vi.fn(async () => answer());

beforeEach(() => {
	vi.useFakeTimers({ now: 0 });
	vi.stubGlobal("fetch", sent);
	stream = new AbortController();
	answer = () => Response.json({ expires: 2 * HOUR_SECONDS, aliveSeconds: 100 });
});

afterEach(() => {
	stream.abort();
	vi.useRealTimers();
	vi.unstubAllGlobals();
	vi.restoreAllMocks();
	sent.mockClear();
	reopen.mockClear();
});

function upkeep(freshToken?: () => Promise<string>): Upkeep {
	return new Upkeep({ url: URL_OF_STREAM, signal: stream.signal, freshToken, reopen });
}

describe("the upkeep of a stream", () => {
	it("renews a token 75 seconds before it ends, and again before the new one ends", async () => {
		upkeep(async () => "token").renewBefore(HOUR_SECONDS);
		await vi.advanceTimersByTimeAsync((HOUR_SECONDS - 76) * 1000);
		expect(sent).not.toHaveBeenCalled();
		await vi.advanceTimersByTimeAsync(2000);
		expect(sent).toHaveBeenCalledOnce();
		await vi.advanceTimersByTimeAsync(HOUR_SECONDS * 1000);
		expect(sent).toHaveBeenCalledTimes(2);
		expect(reopen).not.toHaveBeenCalled();
	});

	it("opens another stream where there is a ticket, and sends nothing", async () => {
		const ticket = upkeep();
		ticket.renewBefore(HOUR_SECONDS);
		await ticket.renew();
		await ticket.signLife();
		await vi.advanceTimersByTimeAsync((HOUR_SECONDS - 74) * 1000);
		expect(reopen).toHaveBeenCalledOnce();
		expect(sent).not.toHaveBeenCalled();
	});

	it.each([Number.NaN, 0, 60])("leaves it to the service where the credentials end too soon: %d", async (expires) => {
		upkeep().renewBefore(expires);
		await vi.advanceTimersByTimeAsync(HOUR_SECONDS * 1000);
		expect(reopen).not.toHaveBeenCalled();
	});

	it("sends signs of life at half of the time that the service allows, and sooner after one that failed", async () => {
		const warn = vi.spyOn(console, "warn").mockReturnValue();
		void upkeep(async () => "token").signLife();
		await vi.advanceTimersByTimeAsync(49_000);
		expect(sent).toHaveBeenCalledOnce();
		answer = () => new Response(null, { status: 502 });
		await vi.advanceTimersByTimeAsync(2000);
		expect(sent).toHaveBeenCalledTimes(2);
		expect(warn).toHaveBeenCalledOnce();
		await vi.advanceTimersByTimeAsync(10_000);
		expect(sent).toHaveBeenCalledTimes(3);
	});

	it("ends with the stream, without a warning", async () => {
		const warn = vi.spyOn(console, "warn").mockReturnValue();
		const ending = upkeep(async () => "token");
		ending.renewBefore(HOUR_SECONDS);
		answer = () => {
			stream.abort();
			throw new TypeError("aborted");
		};
		await ending.signLife();
		await vi.advanceTimersByTimeAsync(2 * HOUR_SECONDS * 1000);
		expect(sent).toHaveBeenCalledOnce();
		expect(warn).not.toHaveBeenCalled();
	});
});
