import type { Agenda } from "./agenda.ts";
import { MAX_MOVES, REMEMBERED, TO_RELAY } from "./figures.ts";
import type { Origin } from "./origin.ts";
import type { Relay } from "./relay.ts";

/** A client that opens a stream. */
export interface Newcomer {
	/** How many places have sent it on. */
	moves: number;
	/** The stream is open; its Worker hears of it after so many milliseconds. Absent relay: it is at the origin. */
	opened: (relay: Relay | undefined, milliseconds: number) => void;
	/** It has to try again: it was sent on too often, or the place has died. */
	failed: () => void;
}

/** An isolate of the Worker. It remembers for a while where newcomers go. */
export class Isolate {
	readonly #agenda: Agenda;
	readonly #origin: Origin;
	readonly #region: number;
	readonly #roundTrip: number;
	readonly #sharesAnswers: boolean;
	#relay: Relay | undefined;
	#until = 0;
	/** How many more newcomers the answer is good for. */
	#left = 0;
	/** How many questions are under way, and how many may be: twice as many each time the origin opens a stream itself. */
	#questions = 0;
	#maxQuestions = 1;
	#waiting: Newcomer[] = [];

	/** @param sharesAnswers whether newcomers wait for a question that is under way, and use its answer as far as it goes. */
	constructor(agenda: Agenda, origin: Origin, region: number, roundTrip: number, sharesAnswers: boolean) {
		this.#agenda = agenda;
		this.#origin = origin;
		this.#region = region;
		this.#roundTrip = roundTrip;
		this.#sharesAnswers = sharesAnswers;
	}

	open(newcomer: Newcomer): void {
		if (this.#relay !== undefined && this.#left > 0 && this.#agenda.now < this.#until)
			this.#send(this.#relay, newcomer);
		else if (this.#sharesAnswers && this.#questions >= this.#maxQuestions) this.#waiting.push(newcomer);
		else this.#ask(newcomer);
	}

	/** New code of the Worker runs in new isolates. */
	restart(): void {
		this.#relay = undefined;
		this.#maxQuestions = 1;
	}

	#ask(newcomer: Newcomer): void {
		this.#questions += 1;
		const oneWay = this.#roundTrip / 2;
		const hears = (action: () => void) => this.#agenda.after(oneWay, () => this.#heard(action));
		this.#agenda.after(oneWay, () => {
			this.#origin.ask(this.#region, {
				sentTo: (relay) => hears(() => this.#sentOn(relay, newcomer)),
				opened: () => {
					newcomer.opened(undefined, oneWay);
					hears(() => {
						this.#maxQuestions *= 2;
					});
				},
				lost: () => hears(() => newcomer.failed()),
			});
		});
	}

	#heard(action: () => void): void {
		this.#questions -= 1;
		action();
		for (const waiting of this.#waiting.splice(0)) this.open(waiting);
	}

	#sentOn(relay: Relay, newcomer: Newcomer): void {
		if (newcomer.moves >= MAX_MOVES) {
			newcomer.failed();
			return;
		}
		newcomer.moves += 1;
		this.#maxQuestions = 1;
		this.#relay = relay;
		this.#until = this.#agenda.now + REMEMBERED;
		this.#left = this.#sharesAnswers ? this.#origin.placement : Number.POSITIVE_INFINITY;
		this.#send(relay, newcomer);
	}

	#send(relay: Relay, newcomer: Newcomer): void {
		this.#left -= 1;
		this.#agenda.after(TO_RELAY, () => {
			relay.open({
				opened: () => newcomer.opened(relay, TO_RELAY),
				movedTo: (next) => this.#agenda.after(TO_RELAY, () => this.#sentOn(next, newcomer)),
				lost: () => this.#agenda.after(TO_RELAY, () => newcomer.failed()),
			});
		});
	}
}
