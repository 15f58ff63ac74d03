import { element } from "./page.ts";
import type { Row } from "./rows.ts";
import { count } from "./words.ts";

const MAX_ROWS = 1000;
/** Nobody reads faster. */
const PAUSE_MILLISECONDS = 100;

/**
 * The list of what arrived, newest first. A row that comes alone is shown at once, those that follow closely are shown
 * together: a busy channel brings hundreds a second.
 */
export class EventList {
	readonly #list = element("list", HTMLOListElement);
	readonly #count = element("count", HTMLElement);
	readonly #hint = element("list-hint", HTMLElement);
	readonly #filter = element("filter", HTMLInputElement);
	/** What is shown, oldest first. */
	#rows: Row[] = [];
	#waiting: Row[] = [];
	#events = 0;
	#dropped = 0;
	#shownAt = 0;

	constructor() {
		this.#filter.addEventListener("input", () => this.#filterRows(this.#rows));
		element("clear", HTMLButtonElement).addEventListener("click", () => this.#clear());
	}

	add(row: Row): void {
		if (this.#waiting.length === 0) this.#showSoon();
		this.#waiting.push(row);
		if (row.text !== undefined) this.#events += 1;
		// A tab that is not looked at draws no frames.
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
				: `The last ${count(MAX_ROWS)} rows are kept: ${count(this.#dropped)} older ones were dropped.`;
	}
}
