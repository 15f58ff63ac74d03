import { create, element, messageOf } from "./page.ts";
import { type ChannelState, readChannel } from "./service.ts";
import type { Session } from "./session.ts";
import { count } from "./words.ts";

const REFRESH_MILLISECONDS = 2000;

/** Shows how the channels stand, as long as the page is looked at. */
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
		if (!document.hidden && this.#isPossible) await this.#read();
		setTimeout(() => void this.#refresh(), REFRESH_MILLISECONDS);
	}

	async #read(): Promise<void> {
		const channels = this.#channels;
		try {
			const states = await Promise.all(channels.map((channel) => readChannel(this.#session.publishKey, channel)));
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
		return this.#channels.length > 0 && this.#session.publishKey !== "";
	}

	#hintOnly(): void {
		const missing =
			this.#session.publishKey === "" ? "This takes a publish key." : "Subscribe to a channel to see it here.";
		if (this.#isPossible) {
			this.#hint.textContent = "";
		} else {
			this.#table.hidden = true;
			this.#hint.textContent = `Head, buffered events and subscribers of your channels. ${missing}`;
		}
	}
}

/** A name can be long: it has a row of its own. */
function rows({ channel, head, buffered, subscribers }: ChannelState): HTMLTableSectionElement {
	const name = create("th", "", channel);
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
