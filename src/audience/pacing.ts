import type { StoredEvent } from "../wire/event.ts";

/** Writing to so many streams takes about half a millisecond: a channel writes for half of the time, and not for all. */
const STREAMS_PER_MILLISECOND = 10;
const MAX_PACE_MILLISECONDS = 1000;
/** The share of its pace that a channel keeps as long as nothing waits; it doubles while something does. */
const QUIET_SHARE = 1 / 4;
/** So much may wait, in characters of data: what leaves at once has to fit into the streams' backlogs. */
const MAX_WAITING_CHARACTERS = 131_072;

/**
 * Lets events that follow closely leave together. Each chunk that is written to a stream costs a wake-up and a system
 * call, whatever its size: a channel that is busy would do nothing else, and starve some of its clients.
 *
 * An event that comes alone leaves at once, and the next one soon: the pace is short until the channel is seen to be
 * busy. It comes from the number of streams and not from a clock, which stands still while JavaScript runs on Workers.
 * Nobody but the streams waits for it: what is here is on disk.
 */
export class Pacing {
	readonly #weight: () => number;
	readonly #deliver: (events: StoredEvent[]) => void;
	#waiting: StoredEvent[] = [];
	#waitingCharacters = 0;
	#isPaused = false;
	#share = QUIET_SHARE;

	/** @param weight how much there is to write to, in streams that the channel holds itself. */
	constructor(weight: () => number, deliver: (events: StoredEvent[]) => void) {
		this.#weight = weight;
		this.#deliver = deliver;
	}

	/** Delivers events now, or with those that follow before the pace has passed. */
	push(events: readonly StoredEvent[]): void {
		for (const event of events) {
			this.#waiting.push(event);
			this.#waitingCharacters += event.data.length;
		}
		if (!this.#isPaused || this.#waitingCharacters > MAX_WAITING_CHARACTERS) this.#flush();
	}

	#flush(): void {
		const events = this.#waiting;
		this.#waiting = [];
		this.#waitingCharacters = 0;
		this.#deliver(events);
		if (!this.#isPaused) this.#pause();
	}

	#pause(): void {
		const pace = this.#share * Math.min(this.#weight() / STREAMS_PER_MILLISECOND, MAX_PACE_MILLISECONDS);
		if (pace < 1) return;
		this.#isPaused = true;
		setTimeout(() => {
			this.#isPaused = false;
			const isBusy = this.#waiting.length > 0;
			this.#share = isBusy ? Math.min(1, this.#share * 2) : QUIET_SHARE;
			if (isBusy) this.#flush();
		}, pace);
	}
}
