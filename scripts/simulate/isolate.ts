import type { Agenda } from "./agenda.ts";
import { RULES, TO_RELAY } from "./figures.ts";
import type { Origin } from "./origin.ts";
import type { Destination, Relay } from "./relay.ts";

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
	/** Where newcomers go, how many more of them, and until when. */
	#relay: Relay | undefined;
	#left = 0;
	#until = 0;
	/** How many questions to the origin are under way, and how many may be. */
	#questions = 0;
	#maxQuestions = RULES.questions;
	/** For how many newcomers they are. */
	#asked = 0;
	/** Who waits for an answer, and until when, the first first. */
	#waiting: { newcomer: Newcomer; until: number }[] = [];

	constructor(agenda: Agenda, origin: Origin, region: number, roundTrip: number) {
		this.#agenda = agenda;
		this.#origin = origin;
		this.#region = region;
		this.#roundTrip = roundTrip;
	}

	open(newcomer: Newcomer): void {
		if (!this.#mayGo(newcomer)) this.#wait(newcomer);
	}

	/** New code of the Worker runs in new isolates. */
	restart(): void {
		this.#relay = undefined;
		this.#maxQuestions = RULES.questions;
	}

	/** Opens a stream where the isolate remembers that newcomers go, or has the origin asked, if that is allowed. */
	#mayGo(newcomer: Newcomer): boolean {
		if (this.#relay !== undefined && this.#left > 0 && this.#agenda.now < this.#until) {
			this.#left -= 1;
			this.#send(this.#relay, newcomer);
			return true;
		}
		if (this.#questions >= this.#maxQuestions) return false;
		this.#ask(newcomer);
		return true;
	}

	#wait(newcomer: Newcomer): void {
		const until = this.#agenda.now + RULES.patience;
		this.#waiting.push({ newcomer, until });
		if (this.#waiting.length === 1) this.#agenda.at(until, () => this.#losePatience());
	}

	#losePatience(): void {
		for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
			if (first.until > this.#agenda.now) {
				this.#agenda.at(first.until, () => this.#losePatience());
				return;
			}
			this.#waiting.shift();
			this.#ask(first.newcomer);
		}
	}

	#ask(newcomer: Newcomer): void {
		const wanted = Math.max(1, Math.min(1 + this.#waiting.length - this.#asked, RULES.maxWanted));
		this.#questions += 1;
		this.#asked += wanted;
		let isUnderWay = true;
		const end = () => {
			if (!isUnderWay) return;
			isUnderWay = false;
			this.#questions -= 1;
			this.#asked -= wanted;
		};
		this.#agenda.after(RULES.unanswered, () => this.#heard(end));
		const oneWay = this.#roundTrip / 2;
		const hears = (action: () => void) =>
			this.#agenda.after(oneWay, () => {
				end();
				this.#heard(action);
			});
		this.#agenda.after(oneWay, () => {
			this.#origin.ask(this.#region, wanted, {
				movedTo: (destination) => hears(() => this.#movedByOrigin(destination, newcomer)),
				opened: () => {
					newcomer.opened(undefined, oneWay);
					hears(() => {
						this.#maxQuestions = Math.min(2 * this.#maxQuestions, RULES.maxQuestions);
					});
				},
				lost: () => hears(() => newcomer.failed()),
			});
		});
	}

	#heard(action: () => void): void {
		action();
		while (this.#waiting[0] !== undefined && this.#mayGo(this.#waiting[0].newcomer)) this.#waiting.shift();
	}

	#movedByOrigin({ relay, share }: Destination, newcomer: Newcomer): void {
		this.#maxQuestions = RULES.questions;
		this.#relay = relay;
		// The one who has asked is among them.
		this.#left = share - 1;
		this.#until = this.#agenda.now + RULES.remembered;
		this.#move(relay, newcomer);
	}

	/** What a relay answers is good for the one newcomer only. */
	#movedByRelay(from: Relay, relay: Relay | undefined, newcomer: Newcomer): void {
		if (this.#relay === from) this.#relay = undefined;
		this.#move(relay, newcomer);
	}

	#move(relay: Relay | undefined, newcomer: Newcomer): void {
		if (newcomer.moves >= RULES.maxMoves) {
			newcomer.failed();
			return;
		}
		newcomer.moves += 1;
		if (relay === undefined) this.#ask(newcomer);
		else this.#send(relay, newcomer);
	}

	#send(relay: Relay, newcomer: Newcomer): void {
		this.#agenda.after(TO_RELAY, () => {
			relay.open({
				opened: () => newcomer.opened(relay, TO_RELAY),
				movedTo: (next) => this.#agenda.after(TO_RELAY, () => this.#movedByRelay(relay, next, newcomer)),
				lost: () => this.#agenda.after(TO_RELAY, () => newcomer.failed()),
			});
		});
	}
}
