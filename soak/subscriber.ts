import { setTimeout as wait } from "node:timers/promises";
import { SseReader } from "../test/support/sse.ts";
import type { Ledger, Reading } from "./ledger.ts";

/** The longest wait before a subscriber reconnects. */
const MAX_RECONNECT_MILLISECONDS = 100;

/**
 * Reads channels in one stream until they have ended. It reconnects with its cursor when it is cut off, and now and then by
 * itself.
 */
export class Subscriber {
	readonly #url: string;
	readonly #ledger: Ledger;
	readonly #stop = new AbortController();
	readonly #readings: ReadonlyMap<string, Reading>;
	#cursor: string | undefined;
	#isOver = false;

	private constructor(url: string, ledger: Ledger, readings: ReadonlyMap<string, Reading>) {
		this.#url = url;
		this.#ledger = ledger;
		this.#readings = readings;
	}

	/** Connects before anything is published, so that it must receive every event. */
	static async open(origin: string, ticket: string, channels: string[], ledger: Ledger): Promise<Subscriber> {
		const named = channels.map((channel) => `channel=${channel}`).join("&");
		const url = `${origin}/events?${named}&envelope=1&ticket=${ticket}`;
		const subscriber = new Subscriber(url, ledger, new Map(channels.map((name) => [name, ledger.reading(name)])));
		await subscriber.#read(AbortSignal.timeout(10_000), () => subscriber.#cursor !== undefined);
		return subscriber;
	}

	/** Whether it was told that its channels have ended. */
	get isOver(): boolean {
		return this.#isOver;
	}

	stop(): void {
		this.#stop.abort();
	}

	async run(): Promise<void> {
		while (!this.#stop.signal.aborted && !this.#isOver) {
			// Some streams last until they are cut off, others are left after a while.
			const patience = AbortSignal.timeout(Math.round(500 + Math.random() * 20_000));
			try {
				await this.#read(AbortSignal.any([this.#stop.signal, patience]), () => false);
			} catch (error) {
				if (error instanceof RefusedError) throw error;
			}
			await wait(Math.random() * MAX_RECONNECT_MILLISECONDS);
		}
	}

	async #read(signal: AbortSignal, isDone: () => boolean): Promise<void> {
		const headers = this.#cursor === undefined ? {} : { "Last-Event-ID": this.#cursor };
		const response = await fetch(this.#url, { signal, headers });
		if (response.status === 204) this.#isOver = true;
		else if (response.status !== 200 && response.status < 500)
			throw new RefusedError(`${response.status} ${await response.text()}`);
		if (response.status !== 200) return;
		for await (const { event, id, data } of new SseReader(response)) {
			if (event === "gap") this.#ledger.gap();
			if (event === undefined) this.#see(data);
			if (event === "closing" && (JSON.parse(data) as { reason: string }).reason === "ended") this.#isOver = true;
			if (id !== undefined) this.#cursor = id;
			if (isDone()) return;
		}
	}

	#see(envelope: string): void {
		const { channel, id, data } = JSON.parse(envelope) as { channel: string; id: string; data: string };
		this.#readings.get(channel)?.see(Number(id), data);
	}
}

class RefusedError extends Error {}
