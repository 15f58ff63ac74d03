import type { StoredEvent } from "../wire/event.ts";
import type { Offset } from "../wire/offset.ts";

/** How much is kept, in characters. */
const MAX_CHARACTERS = 4_194_304;
/** What an event takes besides its data, approximately. */
const OVERHEAD_CHARACTERS = 128;

/** The newest events of a log, without a gap between them. The oldest are dropped when they take too much memory. */
export class NewestEvents {
	#events: StoredEvent[] = [];
	#characters = 0;

	/** The offset of the oldest of them. */
	get first(): Offset | undefined {
		return this.#events[0]?.offset;
	}

	/** Appends the events that follow. */
	append(events: readonly StoredEvent[]): void {
		for (const event of events) {
			this.#events.push(event);
			this.#characters += sizeOf(event);
		}
		let excess = 0;
		while (this.#characters > MAX_CHARACTERS && excess + 1 < this.#events.length) {
			const event = this.#events[excess];
			if (event) this.#characters -= sizeOf(event);
			excess += 1;
		}
		if (excess > 0) this.#events.splice(0, excess);
	}

	/** The events from an offset on. */
	*from(offset: Offset): Generator<StoredEvent> {
		const first = this.first ?? offset;
		for (let index = offset - first; index < this.#events.length; index += 1) {
			const event = this.#events[index];
			if (event) yield event;
		}
	}

	/**
	 * From which event on they are retained, where the events of before a time are not.
	 *
	 * @returns `undefined` if all are, and perhaps earlier ones too.
	 */
	retainedFrom(time: number): Offset | undefined {
		const [first] = this.#events;
		if (!first || first.at >= time) return undefined;
		let low = 0;
		let high = this.#events.length;
		while (low < high) {
			const middle = Math.floor((low + high) / 2);
			if ((this.#events[middle]?.at ?? time) < time) low = middle + 1;
			else high = middle;
		}
		return first.offset + low;
	}

	clear(): void {
		this.#events = [];
		this.#characters = 0;
	}
}

function sizeOf({ data }: StoredEvent): number {
	return OVERHEAD_CHARACTERS + data.length;
}
