import { setTimeout as wait } from "node:timers/promises";
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { Ledger } from "./ledger.ts";

/** How long a subscriber waits before it comes back, at most. */
const RECONNECT_MILLISECONDS = 100;

/** Reads a channel, and comes back with its cursor whenever it is cut off, or feels like it. */
export class Subscriber {
	readonly #url: string;
	readonly #ledger: Ledger;
	readonly #see: (id: string, content: string) => void;
	readonly #stop = new AbortController();
	#cursor: string;

	constructor(url: string, start: string, ledger: Ledger) {
		this.#url = url;
		this.#cursor = start;
		this.#ledger = ledger;
		this.#see = ledger.subscriber(Number(start));
	}

	/** The offset of the last event that it saw. */
	get position(): number {
		return Number(this.#cursor);
	}

	stop(): void {
		this.#stop.abort();
	}

	async run(): Promise<void> {
		while (!this.#stop.signal.aborted) {
			// Some stay until they are cut off, some leave by themselves after a while.
			const patience = AbortSignal.timeout(Math.round(500 + Math.random() * 20_000));
			try {
				await this.#read(AbortSignal.any([this.#stop.signal, patience]));
			} catch (error) {
				if (error instanceof RefusedError) throw error;
			}
			await wait(Math.random() * RECONNECT_MILLISECONDS);
		}
	}

	async #read(signal: AbortSignal): Promise<void> {
		const response = await fetch(this.#url, { signal, headers: { "Last-Event-ID": this.#cursor } });
		if (response.status !== 200 && response.status < 500)
			throw new RefusedError(`${response.status} ${await response.text()}`);
		if (!response.ok || !response.body) return;
		const frames = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
		for await (const { event, id, data } of frames) {
			if (event === "gap") this.#ledger.gap();
			if (event === undefined && id !== undefined) this.#see(id, data);
			if (id !== undefined) this.#cursor = id;
		}
	}
}

class RefusedError extends Error {}
