import { element } from "./page.ts";
import type { Row } from "./rows.ts";
import { count } from "./words.ts";

const MAX_ROWS = 1000;
/** How often the list is redrawn at most. Nobody reads faster. */
const PAUSE_MILLISECONDS = 100;

/**
 * The list of what arrived, newest first. A single row is shown at once. Rows that follow closely are shown together: a
 * busy channel brings hundreds a second.
 */
export class EventList {
	readonly #list = element("list", HTMLOListElement);
	readonly #count = element("count", HTMLElement);
	readonly #hint = element("list-hint", HTMLElement);
	readonly #filter = element("filter", HTMLInputElement);
	/** The rows on the page, oldest first. */
	#rows: Row[] = [];
	#waiting: Row[] = [];
	#events = 0;
	#dropped = 0;
	#shownAt = Number.NEGATIVE_INFINITY;

	constructor() {
		this.#filter.addEventListener("input", () => this.#filterRows(this.#rows));
		element("clear", HTMLButtonElement).addEventListener("click", () => this.#clear());
	}

	add(row: Row): void {
		if (this.#waiting.length === 0) this.#showSoon();
		this.#waiting.push(row);
		if (row.text !== undefined) this.#events += 1;
		// A hidden tab draws no frames, so its rows would pile up.
		if (this.#waiting.length > 2 * MAX_ROWS) this.#dropped += this.#waiting.splice(0, MAX_ROWS).length;
	}

	#showSoon(): void {
		const pause = this.#shownAt + PAUSE_MILLISECONDS - performance.now();
		setTimeout(() => requestAnimationFrame(() => this.#show()), Math.max(0, pause));
	}

	#show(): void {
		this.#shownAt = performance.now();
		const added = this.#waiting;
		this.#waiting = [];
		this.#filterRows(added);
		this.#rows.push(...added);
		this.#list.prepend(...added.map(({ element }) => element).reverse());
		const excess = this.#rows.splice(0, Math.max(0, this.#rows.length - MAX_ROWS));
		for (const { element } of excess) element.remove();
		this.#dropped += excess.length;
		this.#sayCounts();
	}

	#filterRows(rows: readonly Row[]): void {
		const wanted = this.#filter.value.trim().toLowerCase();
		for (const { element, text } of rows) element.hidden = text !== undefined && !text.includes(wanted);
	}

	#clear(): void {
		this.#rows = [];
		this.#events = 0;
		this.#dropped = 0;
		this.#list.replaceChildren();
		this.#sayCounts();
	}

	#sayCounts(): void {
		this.#count.textContent = count(this.#events);
		this.#hint.textContent =
			this.#dropped === 0
				? ""
				: `The list keeps the last ${count(MAX_ROWS)} rows. ${count(this.#dropped)} older ones were dropped.`;
	}
}
