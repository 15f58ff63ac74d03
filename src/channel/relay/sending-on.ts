import type { Asking, Destination } from "../../wire/place.ts";

/** How long an answer of the origin is good for. */
const ANSWER_MILLISECONDS = 100;

/** The newcomers of one region. */
interface Newcomers {
	/** How many wait for an answer. */
	waiting: number;
	/** The question that is under way. */
	question?: Promise<void>;
	/** The last answer, and for how many more it is good. */
	answer?: { destination: Destination; left: number; until: number };
}

/**
 * Where a full relay sends newcomers on to. One question to the origin is under way for each region, and its answer serves
 * as many newcomers as the origin says: a rush of clients must not become a rush of questions.
 */
export class SendingOn {
	readonly #ask: (asking: Asking) => Promise<Destination>;
	readonly #newcomers = new Map<Asking["near"], Newcomers>();

	/** @param ask asks the origin. */
	constructor(ask: (asking: Asking) => Promise<Destination>) {
		this.#ask = ask;
	}

	/** Where a newcomer is to be opened. It is good for that one only. */
	async next(near: Asking["near"]): Promise<Destination> {
		const newcomers = this.#newcomers.get(near) ?? { waiting: 0 };
		this.#newcomers.set(near, newcomers);
		newcomers.waiting += 1;
		try {
			for (;;) {
				const { answer } = newcomers;
				if (answer && answer.left > 0 && Date.now() < answer.until) {
					answer.left -= 1;
					return { ...answer.destination, share: 1 };
				}
				// Each answer serves at least one of those who wait.
				newcomers.question ??= this.#question(near, newcomers);
				await newcomers.question;
			}
		} finally {
			newcomers.waiting -= 1;
		}
	}

	async #question(near: Asking["near"], newcomers: Newcomers): Promise<void> {
		try {
			const destination = await this.#ask({ near, wanted: newcomers.waiting });
			newcomers.answer = { destination, left: destination.share, until: Date.now() + ANSWER_MILLISECONDS };
		} finally {
			delete newcomers.question;
		}
	}
}
