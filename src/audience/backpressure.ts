import type { StoredEvent } from "../wire/event.ts";
import type { Audience } from "./audience.ts";

/** A channel is congested when so many of its streams have much unsent: then it is not they who are slow. */
const CONGESTED_SHARE = 0.25;
/** Few streams can have little unsent, however slow they are: they hold nobody back. */
const CONGESTED_STREAMS = 16;
/** Of its backlog, what a stream may have unsent before it counts. Low, for what is on its way to the network comes on top. */
const CONGESTED_BACKLOG = 1 / 8;
const PAUSE_MILLISECONDS = 10;
/** How many pauses without any progress it takes to see that the clients do not read. */
const PATIENCE = 50;

/**
 * Holds publishers back while the channel sends more slowly than they publish. Without it, a flood would make every
 * stream look like a slow consumer, and all would be cut. A few clients that do not read hold nobody back.
 */
export class Backpressure {
	readonly #audience: Audience;
	readonly #maxBacklogBytes: number;
	#deliveredCharacters = 0;

	constructor(audience: Audience, maxBacklogBytes: number) {
		this.#audience = audience;
		this.#maxBacklogBytes = maxBacklogBytes;
	}

	/** Takes note of what was delivered: streams need not be looked at before it has become much. */
	delivered(events: readonly StoredEvent[]): void {
		for (const { data } of events) this.#deliveredCharacters += data.length;
	}

	/** Resolves when there is room for more, or when waiting does not help. */
	async room(): Promise<void> {
		if (this.#deliveredCharacters < (this.#maxBacklogBytes * CONGESTED_BACKLOG) / 2) return;
		this.#deliveredCharacters = 0;
		let patience = PATIENCE;
		let unsent = this.#unsent();
		while (unsent.isCongested && patience > 0) {
			await scheduler.wait(PAUSE_MILLISECONDS);
			const now = this.#unsent();
			patience = now.bytes < unsent.bytes ? PATIENCE : patience - 1;
			unsent = now;
		}
	}

	#unsent(): { bytes: number; isCongested: boolean } {
		let bytes = 0;
		let clogging = 0;
		for (const { outlet, subscription } of this.#audience.subscribers()) {
			const { unsentBytes } = outlet;
			bytes += unsentBytes;
			if (unsentBytes > subscription.maxBacklogBytes * CONGESTED_BACKLOG) clogging += 1;
		}
		return { bytes, isCongested: clogging > Math.max(CONGESTED_STREAMS, this.#audience.size * CONGESTED_SHARE) };
	}
}
