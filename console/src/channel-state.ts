import type { ChannelState } from "../../src/wire/state.ts";
import { create, element, messageOf } from "./page.ts";
import { readChannel } from "./service.ts";
import type { Session } from "./session.ts";
import { count } from "./words.ts";

const REFRESH_MILLISECONDS = 2000;

/** Shows the state of the channels while the page is visible. */
export class ChannelStates {
	readonly #session: Session;
	readonly #table = element("state-table", HTMLTableElement);
	readonly #hint = element("state-hint", HTMLElement);
	#channels: readonly string[] = [];

	constructor(session: Session) {
		this.#session = session;
		session.onChange(() => this.#hintOnly());
		this.#hintOnly();
		void this.#refresh();
	}

	watch(channels: readonly string[]): void {
		this.#channels = channels;
		this.#hintOnly();
	}

	async #refresh(): Promise<void> {
		if (!document.hidden) await this.#read();
		setTimeout(() => void this.#refresh(), REFRESH_MILLISECONDS);
	}

	async #read(): Promise<void> {
		const channels = this.#channels;
		const { publishKey } = this.#session;
		if (channels.length === 0 || publishKey === undefined) return;
		try {
			const states = await Promise.all(channels.map((channel) => readChannel(publishKey, channel)));
			if (channels !== this.#channels || !this.#isPossible) return;
			for (const body of [...this.#table.tBodies]) body.remove();
			this.#table.append(...states.map(rows));
			this.#table.hidden = false;
			this.#hint.textContent = "";
		} catch (error) {
			this.#table.hidden = true;
			this.#hint.textContent = messageOf(error);
		}
	}

	get #isPossible(): boolean {
		return this.#channels.length > 0 && this.#session.publishKey !== undefined;
	}

	#hintOnly(): void {
		const missing =
			this.#session.publishKey === undefined ? "Enter a publish key." : "Subscribe to a channel to see its state.";
		if (this.#isPossible) {
			this.#hint.textContent = "";
		} else {
			this.#table.hidden = true;
			this.#hint.textContent = `The newest event, the buffered events and the subscribers of your channels. ${missing}`;
		}
	}
}

/** The rows of one channel. Its name has a row of its own, because it can be long. */
function rows({ channel, head, buffered, subscribers, ended }: ChannelState): HTMLTableSectionElement {
	const name = create("th", "", ended ? `${channel} (ended)` : channel);
	name.colSpan = 3;
	name.scope = "rowgroup";
	const title = create("tr", "");
	title.append(name);
	const figures = create("tr", "");
	figures.append(...[head, count(buffered), count(subscribers)].map((text) => create("td", "", text)));
	const body = create("tbody", "");
	body.append(title, figures);
	return body;
}
