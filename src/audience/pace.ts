/** The longest pause, in milliseconds. */
const MAX_MILLISECONDS = 1000;
/** The shortest pause, as a share of the round before it. */
const MIN_SHARE = 1 / 4;
/** After a round with this many events, the pause is as long as the round. */
const BUSY_EVENTS = 32;

/**
 * Holds a busy channel back between two rounds of its fan-out. Each chunk that is written to a stream costs a wake-up and a
 * system call, whatever its size. Without pauses a busy channel would write small chunks all the time, and starve its
 * publishers.
 *
 * The more events come, the longer is the pause: up to half of the time, so that more of them share a chunk.
 */
export class Pace {
	#startedAt = 0;
	#roundMilliseconds = 0;
	#resume: (() => void) | undefined;

	/** A round begins. */
	start(): void {
		this.#startedAt = performance.now();
	}

	/** Resolves when everything is sent that the round has written. */
	async stop(): Promise<void> {
		// The runtime sends when it has a turn. The clock stands still until then.
		await scheduler.wait(0);
		this.#roundMilliseconds = performance.now() - this.#startedAt;
	}

	/**
	 * Waits until the next round may begin.
	 *
	 * @param events how many events the round had.
	 */
	async pause(events: number): Promise<void> {
		const share = Math.max(MIN_SHARE, Math.min(1, events / BUSY_EVENTS));
		const { promise, resolve } = Promise.withResolvers<void>();
		this.#resume = resolve;
		const timer = setTimeout(resolve, Math.min(share * this.#roundMilliseconds, MAX_MILLISECONDS));
		await promise;
		clearTimeout(timer);
		this.#resume = undefined;
	}

	/** Ends a pause early. */
	resume(): void {
		this.#resume?.();
	}
}
