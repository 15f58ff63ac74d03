import type { ChannelStates } from "./channel-state.ts";
import type { Charts } from "./charts.ts";
import type { EventList } from "./event-list.ts";
import { element, whenSubmitted } from "./page.ts";
import { controlRow, eventRow, occurrenceRow } from "./rows.ts";
import type { Session } from "./session.ts";
import { type State, Subscription, type SubscriptionListener } from "./subscription.ts";

const STATE_WORDS: Record<State | "idle", string> = {
	idle: "Not connected",
	connecting: "Connecting",
	open: "Live",
	reconnecting: "Reconnecting",
	cut: "Cut",
	ended: "Ended",
};

/** The form that subscribes to channels, and the buttons that cut and resume the stream. */
export class SubscribeForm {
	readonly #session: Session;
	readonly #list: EventList;
	readonly #charts: Charts;
	readonly #states: ChannelStates;
	readonly #channels = element("channels", HTMLInputElement);
	readonly #problem = element("subscribe-problem", HTMLElement);
	readonly #cut = element("cut", HTMLButtonElement);
	readonly #resume = element("resume", HTMLButtonElement);
	readonly #status = element("status", HTMLElement);
	readonly #cursor = element("cursor", HTMLOutputElement);
	#subscription: Subscription | undefined;
	#isCursorDue = false;

	constructor(session: Session, { list, charts, states }: { list: EventList; charts: Charts; states: ChannelStates }) {
		this.#session = session;
		this.#list = list;
		this.#charts = charts;
		this.#states = states;
		whenSubmitted(element("subscribe-form", HTMLFormElement), () => this.#subscribe());
		this.#cut.addEventListener("click", () => this.#subscription?.cut());
		this.#resume.addEventListener("click", () => void this.#subscription?.resume());
		session.onChange(() => {
			if (session.token === undefined) this.#leave();
			this.#problem.textContent = "";
		});
	}

	async #subscribe(): Promise<void> {
		const channels = [...new Set(this.#channels.value.split(/[\s,]+/).filter((name) => name !== ""))];
		this.#problem.textContent = "";
		if (this.#session.token === undefined) {
			this.#problem.textContent = "Sign in first, or paste a token.";
			return;
		}
		this.#subscription?.stop();
		element("publish-channel", HTMLInputElement).value = channels[0] ?? "";
		this.#states.watch(channels);
		const presence = element("presence", HTMLInputElement).checked;
		this.#subscription = new Subscription(channels, presence, this.#session, this.#listener());
		await this.#subscription.open();
	}

	#leave(): void {
		this.#subscription?.stop();
		this.#subscription = undefined;
		this.#states.watch([]);
		this.#show("idle");
	}

	#listener(): SubscriptionListener {
		return {
			changed: (state) => this.#show(state),
			received: (event, isLive) => {
				this.#list.add(eventRow(event));
				this.#charts.add(isLive ? Date.now() - event.at : undefined);
				this.#showCursor();
			},
			controlled: (event) => {
				this.#list.add(controlRow(event));
				this.#showCursor();
			},
			occurred: (name, text) => {
				this.#list.add(occurrenceRow(name, text));
				if (name === "ended") this.#problem.textContent = text;
			},
		};
	}

	#show(state: State | "idle"): void {
		this.#status.dataset.state = state;
		this.#status.textContent = STATE_WORDS[state];
		this.#cut.disabled = !["connecting", "open", "reconnecting"].includes(state);
		this.#resume.disabled = !["cut", "ended"].includes(state);
		if (state === "open") this.#problem.textContent = "";
		this.#showCursor();
	}

	/** Shows the cursor once per animation frame, however many events have moved it. */
	#showCursor(): void {
		if (this.#isCursorDue) return;
		this.#isCursorDue = true;
		requestAnimationFrame(() => {
			this.#isCursorDue = false;
			this.#cursor.textContent = this.#subscription?.cursor ?? "none yet";
		});
	}
}
