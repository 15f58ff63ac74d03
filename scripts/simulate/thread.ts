import type { Agenda } from "./agenda.ts";

const SECOND = 1000;

/** The thread of an object: it does one thing after the other, in the order in which they came. */
export class Thread {
	readonly #agenda: Agenda;
	/** When everything that has come is done. */
	#freeAt = 0;
	/** When each thing that waits will be done. Those before `#first` are. */
	#ends: number[] = [];
	#first = 0;
	#second = -1;
	#requestsInSecond = 0;
	/** The most requests that came in a second. */
	peakRequests = 0;
	/** The most things that were waiting or being done at once. */
	longestQueue = 0;
	/** The longest time from a thing's arrival until it was done. */
	longestWait = 0;

	constructor(agenda: Agenda) {
		this.#agenda = agenda;
	}

	/** A request comes. Returns when it will be done. */
	request(milliseconds: number): number {
		const second = Math.floor(this.#agenda.now / SECOND);
		if (second !== this.#second) {
			this.#second = second;
			this.#requestsInSecond = 0;
		}
		this.#requestsInSecond += 1;
		this.peakRequests = Math.max(this.peakRequests, this.#requestsInSecond);
		return this.work(milliseconds);
	}

	/** Something is to be done that is not a request. Returns when it will be. */
	work(milliseconds: number): number {
		const { now } = this.#agenda;
		this.#freeAt = Math.max(this.#freeAt, now) + milliseconds;
		this.#queue(now);
		this.longestWait = Math.max(this.longestWait, this.#freeAt - now);
		return this.#freeAt;
	}

	#queue(now: number): void {
		while (this.#first < this.#ends.length && (this.#ends[this.#first] ?? 0) <= now) this.#first += 1;
		if (this.#first === this.#ends.length) {
			this.#ends = [];
			this.#first = 0;
		}
		this.#ends.push(this.#freeAt);
		this.longestQueue = Math.max(this.longestQueue, this.#ends.length - this.#first);
	}
}
