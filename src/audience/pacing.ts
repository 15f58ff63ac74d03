import type { StoredEvent } from "../wire/event.ts";

/** Writing to this many streams takes about half a millisecond: a busy channel writes for half of the time. */
const STREAMS_PER_MILLISECOND = 10;
const MAX_PACE_MILLISECONDS = 1000;
/** The share of its pace that a quiet channel keeps. It doubles with every pause in which events arrive. */
const QUIET_SHARE = 1 / 4;
/** The most data that may wait, in characters. A batch has to fit into the streams' backlogs. */
const MAX_WAITING_CHARACTERS = 131_072;

/**
 * Batches the fan-out of events that follow closely. Each chunk that is written to a stream costs a wake-up and a system
 * call, whatever its size. A busy channel would do nothing else, and starve some of its clients.
 *
 * A lone event leaves at once, and the next one soon: the pace is short until the channel turns out to be busy. The pace
 * follows from the number of streams, not from a clock, which stands still while JavaScript runs on Workers. Publishers
 * do not wait for it: the events are on disk already.
 */
export class Pacing {
	readonly #weight: () => number;
	readonly #deliver: (events: StoredEvent[]) => void;
	#waiting: StoredEvent[] = [];
	#waitingCharacters = 0;
	#isPaused = false;
	#share = QUIET_SHARE;

	/** @param weight the cost of a fan-out, in responses that the object holds. */
	constructor(weight: () => number, deliver: (events: StoredEvent[]) => void) {
		this.#weight = weight;
		this.#deliver = deliver;
	}

	/** Delivers events now, or together with those that follow within the pace. */
	push(events: readonly StoredEvent[]): void {
		if (events.length === 0) return;
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
