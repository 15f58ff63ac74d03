import type { Destination } from "../../wire/place.ts";

/** How long a relay is remembered. */
const KEPT_MILLISECONDS = 5000;
/** How many ask the origin at once while nobody knows how large the channel is. */
const MIN_QUESTIONS = 2;
const MAX_QUESTIONS = 64;
/**
 * How long a newcomer waits for the answer to others. A client that leaves takes its question with it, and nobody hears the
 * answer: so there is no event that could end this wait in every case.
 */
const WAIT_MILLISECONDS = 2000;

/**
 * The newcomers of one channel in one isolate. A few ask the origin where to go; the others wait for the answer, which is
 * good for a number of them. A channel that is small opens the streams itself: then more may ask at once.
 */
export class Rush {
	#known: { relay: string; left: number; until: number } | undefined;
	/** When each question was asked that is not answered. */
	#questions: number[] = [];
	#maxQuestions = MIN_QUESTIONS;
	#changed = Promise.withResolvers<void>();

	/** Returns the relay at which a new stream is to be opened; `undefined`: ask the origin. */
	async next(): Promise<string | undefined> {
		const deadline = Date.now() + WAIT_MILLISECONDS;
		for (let now = Date.now(); now < deadline; now = Date.now()) {
			const relay = this.#take(now);
			if (relay !== undefined) return relay;
			this.#questions = this.#questions.filter((at) => now - at < WAIT_MILLISECONDS);
			if (this.#questions.length < this.#maxQuestions) break;
			await Promise.race([this.#changed.promise, scheduler.wait(deadline - now)]);
		}
		this.#questions.push(Date.now());
		return undefined;
	}

	/**
	 * The origin has answered a question.
	 *
	 * @param destination where it has sent the stream; `undefined` if it has opened the stream itself, or could not be reached.
	 */
	answered(destination: Destination | undefined): void {
		this.#questions.shift();
		if (destination) this.sentOn(destination);
		else this.#maxQuestions = Math.min(2 * this.#maxQuestions, MAX_QUESTIONS);
		this.#announce();
	}

	/** A stream was sent on. */
	sentOn({ relay, share }: Destination): void {
		this.#maxQuestions = MIN_QUESTIONS;
		// The one that was sent on is among those for whom it is good.
		this.#known = relay === undefined ? undefined : { relay, left: share - 1, until: Date.now() + KEPT_MILLISECONDS };
	}

	/** A relay could not be reached. */
	lost(relay: string): void {
		if (relay === this.#known?.relay) this.#known = undefined;
	}

	#take(now: number): string | undefined {
		const known = this.#known;
		if (!known || known.left <= 0 || now >= known.until) return undefined;
		known.left -= 1;
		return known.relay;
	}

	#announce(): void {
		this.#changed.resolve();
		this.#changed = Promise.withResolvers();
	}
}
