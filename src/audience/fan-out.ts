import type { StoredEvent } from "../wire/event.ts";
import type { Audience } from "./audience.ts";
import { Backpressure } from "./backpressure.ts";
import { Pacing } from "./pacing.ts";

interface FanOutOptions {
	audience: Audience;
	maxBacklogBytes: number;
	/** How many streams are held by sessions. */
	sessions: { readonly size: number };
}

/** Delivers stored events to the audience at its pace, and tells when publishers have to wait for it. */
export class FanOut {
	readonly #pacing: Pacing;
	readonly #backpressure: Backpressure;

	constructor({ audience, maxBacklogBytes, sessions }: FanOutOptions) {
		this.#backpressure = new Backpressure(audience, maxBacklogBytes);
		// A session has a stream of its own to write to.
		const weight = () => audience.size + sessions.size;
		this.#pacing = new Pacing(weight, (events) => {
			audience.deliver(events, Date.now());
			this.#backpressure.delivered(events);
		});
	}

	/** Delivers events that are on disk, now or with those that follow closely. */
	push(events: readonly StoredEvent[]): void {
		this.#pacing.push(events);
	}

	/** Resolves when the streams have room for more, or when waiting does not help. */
	async room(): Promise<void> {
		await this.#backpressure.room();
	}
}
