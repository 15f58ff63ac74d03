import type { Destination } from "../../wire/place.ts";

/** How long a relay is remembered. */
const KEPT_MILLISECONDS = 5000;
/** How many questions to the origin are under way at once while nobody knows how large the channel is. */
const MIN_QUESTIONS = 2;
const MAX_QUESTIONS = 64;
/** For how many newcomers a question asks at most. */
const MAX_WANTED = 100;
/** How long a question counts. A client that leaves takes its question with it, and nobody hears the answer. */
const QUESTION_MILLISECONDS = 5000;
/** How long a newcomer waits for the answers to others. */
const WAIT_MILLISECONDS = 10_000;
/** How often it looks whether there is one: a request must not wait for what another request resolves. */
const LOOK_MILLISECONDS = 20;

/** Where a newcomer goes: to a relay, or to the origin, which it asks for this many. */
export type Way = { relay: string } | { wanted: number };

interface Question {
	at: number;
	wanted: number;
}

/** A newcomer that waits, and since when. */
interface Waiter {
	since: number;
}

/**
 * The newcomers of one channel in one isolate. A few ask the origin where to go; the others wait for the answer, which is
 * good for a number of them. A channel that is small opens the streams itself: then more may ask at once.
 */
export class Rush {
	#known: { relay: string; left: number; until: number } | undefined;
	readonly #waiters = new Set<Waiter>();
	/** Those that are not answered, the oldest first. */
	#questions: Question[] = [];
	#maxQuestions = MIN_QUESTIONS;

	/** Where a newcomer goes. If that is the origin, its answer has to be told: see {@link answered}. */
	async next(): Promise<Way> {
		const waiter: Waiter = { since: Date.now() };
		const deadline = waiter.since + WAIT_MILLISECONDS;
		for (let now = waiter.since; now < deadline; now = Date.now()) {
			const relay = this.#take(now);
			if (relay !== undefined) return { relay };
			this.#questions = this.#questions.filter(({ at }) => now - at < QUESTION_MILLISECONDS);
			if (this.#questions.length < this.#maxQuestions) break;
			this.#waiters.add(waiter);
			await scheduler.wait(LOOK_MILLISECONDS);
			this.#waiters.delete(waiter);
		}
		return this.ask();
	}

	/** Asks the origin at once, for those who wait and whom no other question is for. */
	ask(): { wanted: number } {
		const now = Date.now();
		// Of a client that has left while it waited, nothing else is heard.
		for (const waiter of this.#waiters) if (now - waiter.since > WAIT_MILLISECONDS) this.#waiters.delete(waiter);
		const asked = this.#questions.reduce((sum, { wanted }) => sum + wanted, 0);
		const wanted = Math.max(1, Math.min(1 + this.#waiters.size - asked, MAX_WANTED));
		this.#questions.push({ at: now, wanted });
		return { wanted };
	}

	/**
	 * The origin has answered a question.
	 *
	 * @param destination where it has sent the stream; `undefined` if it has opened the stream itself, or could not be reached.
	 */
	answered(destination: Destination | undefined): void {
		this.#questions.shift();
		if (destination?.relay !== undefined) {
			const { relay, share } = destination;
			this.#maxQuestions = MIN_QUESTIONS;
			// The one who has asked is among those for whom it is good.
			this.#known = { relay, left: share - 1, until: Date.now() + KEPT_MILLISECONDS };
		} else this.#maxQuestions = Math.min(2 * this.#maxQuestions, MAX_QUESTIONS);
	}

	/** A relay is full, or could not be reached. */
	forget(relay: string): void {
		if (relay === this.#known?.relay) this.#known = undefined;
	}

	#take(now: number): string | undefined {
		const known = this.#known;
		if (!known || known.left <= 0 || now >= known.until) return undefined;
		known.left -= 1;
		return known.relay;
	}
}
