import type { StoredEvent } from "../wire/event.ts";
import type { Roster } from "./roster.ts";

/** A channel is congested when more than this share of its streams have a long backlog: the channel is slow, not its clients. */
const CONGESTED_SHARE = 0.25;
/** This many streams never make a channel congested, however slow their clients are. */
const CONGESTED_STREAMS = 16;
/** The share of its maximum at which a backlog is long. It is low, because the network's buffers are not counted. */
const CONGESTED_BACKLOG = 1 / 8;
const PAUSE_MILLISECONDS = 10;
/** Publishers stop waiting after this many pauses without progress. */
const PATIENCE = 50;

/**
 * Holds publishers back while the channel sends more slowly than they publish. Without backpressure, a flood would make
 * every stream look like a slow consumer, and all would be cut. A few slow consumers hold nobody back.
 */
export class Backpressure {
	readonly #roster: Roster;
	readonly #maxBacklogBytes: number;
	#deliveredCharacters = 0;

	constructor(roster: Roster, maxBacklogBytes: number) {
		this.#roster = roster;
		this.#maxBacklogBytes = maxBacklogBytes;
	}

	/** Counts delivered data. Backlogs are checked only after enough of it. */
	delivered(events: readonly StoredEvent[]): void {
		for (const { data } of events) this.#deliveredCharacters += data.length;
	}

	/** Resolves when the channel is not congested, or when the backlogs have not shrunk for half a second. */
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
		for (const { outlet, subscription, streams } of this.#roster.everybody()) {
			const { unsentBytes } = outlet;
			bytes += unsentBytes;
			if (unsentBytes > subscription.maxBacklogBytes * CONGESTED_BACKLOG) clogging += streams;
		}
		const { streams } = this.#roster.headcount;
		return { bytes, isCongested: clogging > Math.max(CONGESTED_STREAMS, streams * CONGESTED_SHARE) };
	}
}
