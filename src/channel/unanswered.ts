/** How much may wait for an answer. */
export interface UnansweredLimits {
	messages: number;
	characters: number;
}

/** Counts messages that wait for an answer: they are held in memory. */
export class Unanswered {
	readonly #limits: UnansweredLimits;
	#messages = 0;
	#characters = 0;

	constructor(limits: UnansweredLimits) {
		this.#limits = limits;
	}

	get hasAny(): boolean {
		return this.#messages > 0;
	}

	/** Whether a message of this length may wait as well. */
	hasRoomFor(characters: number): boolean {
		return this.#messages < this.#limits.messages && this.#characters + characters <= this.#limits.characters;
	}

	add(characters: number): void {
		this.#messages += 1;
		this.#characters += characters;
	}

	remove(characters: number): void {
		this.#messages -= 1;
		this.#characters -= characters;
	}
}
