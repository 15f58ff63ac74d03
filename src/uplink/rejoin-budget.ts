/** The maximum number of rejoins of a session, over all channels. A Worker invocation may send 10,000 requests. */
const MAX_REJOINS = 1000;

/** The rejoins that a session has left. */
export class RejoinBudget {
	#left = MAX_REJOINS;

	/** Takes one. Returns whether it was there. */
	take(): boolean {
		this.#left -= 1;
		return this.#left >= 0;
	}
}
