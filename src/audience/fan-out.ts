import type { StoredEvent } from "../wire/event.ts";
import type { Audience } from "./audience.ts";
import { Backpressure } from "./backpressure.ts";
import { Pacing } from "./pacing.ts";

interface FanOutOptions {
	audience: Audience;
	maxBacklogBytes: number;
	/** The streams that sessions hold. */
	sessions: { readonly size: number };
}

/** Fans stored events out to the audience, with pacing and backpressure. */
export class FanOut {
	readonly #pacing: Pacing;
	readonly #backpressure: Backpressure;

	constructor({ audience, maxBacklogBytes, sessions }: FanOutOptions) {
		this.#backpressure = new Backpressure(audience, maxBacklogBytes);
		// A stream behind a session counts twice: the session writes it again.
		const weight = () => audience.size + sessions.size;
		this.#pacing = new Pacing(weight, (events) => {
			audience.deliver(events, Date.now());
			this.#backpressure.delivered(events);
		});
	}

	/** Delivers durable events, now or with those that follow closely. */
	push(events: readonly StoredEvent[]): void {
		this.#pacing.push(events);
	}

	/** Resolves when publishers may go on. */
	async room(): Promise<void> {
		await this.#backpressure.room();
	}
}
