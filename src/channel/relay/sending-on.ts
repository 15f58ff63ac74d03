import type { Destination } from "../../wire/place.ts";

/** How long an answer of the origin is good for. */
const ANSWER_MILLISECONDS = 100;

type Near = DurableObjectLocationHint | undefined;

interface Answer {
	destination: Promise<Destination>;
	/** How many newcomers it is good for; unlimited until it is there. */
	share: number;
	used: number;
	until: number;
}

/**
 * Where a full relay sends newcomers on to. One question to the origin is under way for each region, and its answer serves
 * several newcomers: a rush of clients must not become a rush of questions.
 */
export class SendingOn {
	readonly #ask: (near: Near) => Promise<Destination>;
	readonly #answers = new Map<Near, Answer>();

	/** @param ask asks the origin. */
	constructor(ask: (near: Near) => Promise<Destination>) {
		this.#ask = ask;
	}

	/** Where a newcomer is to be opened. It is good for that one only. */
	async next(near: Near): Promise<Destination> {
		const known = this.#answers.get(near);
		const isGood = known !== undefined && known.used < known.share && Date.now() < known.until;
		const answer = isGood ? known : this.#askAgain(near);
		answer.used += 1;
		return { ...(await answer.destination), share: 1 };
	}

	#askAgain(near: Near): Answer {
		const answer: Answer = { destination: this.#ask(near), share: Infinity, used: 0, until: Infinity };
		this.#answers.set(near, answer);
		answer.destination.then(
			({ share }) => {
				answer.share = share;
				answer.until = Date.now() + ANSWER_MILLISECONDS;
			},
			() => {
				answer.until = 0;
			},
		);
		return answer;
	}
}
