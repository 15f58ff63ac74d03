import type { StoredEvent } from "../wire/event.ts";

/** The most data that may wait, in characters. A round has to fit into the streams' backlogs. */
const MAX_CHARACTERS = 131_072;

/** The events that wait for the next round of the fan-out. */
export class Outbox {
	#events: StoredEvent[] = [];
	#characters = 0;
	#taken = Promise.withResolvers<void>();

	get isEmpty(): boolean {
		return this.#events.length === 0;
	}

	/** Whether the next round must not be delayed. */
	get isFull(): boolean {
		return this.#characters > MAX_CHARACTERS;
	}

	push(events: readonly StoredEvent[]): void {
		for (const event of events) {
			this.#events.push(event);
			this.#characters += event.data.length;
		}
	}

	take(): StoredEvent[] {
		const events = this.#events;
		this.#events = [];
		this.#characters = 0;
		this.#taken.resolve();
		this.#taken = Promise.withResolvers();
		return events;
	}

	/** Resolves when it is not full. */
	async room(): Promise<void> {
		while (this.isFull) await this.#taken.promise;
	}
}
