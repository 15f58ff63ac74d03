import type { Closing } from "../../src/wire/control.ts";
import type { Envelope } from "../../src/wire/envelope.ts";
import { create } from "./page.ts";
import type { ControlEvent, Occurrence } from "./subscription.ts";
import { clock, preciseClock } from "./words.ts";

/** The rows of the list of events. */

export interface Row {
	element: HTMLLIElement;
	/** The text that the filter searches. A row without one is always shown. */
	text?: string;
}

const PREVIEW_CHARACTERS = 300;

/** The row of an event: one line that unfolds to all of its data. */
export function eventRow({ channel, id, type, at, data }: Envelope): Row {
	const json = JSON.stringify(data);
	const time = create("time", "", preciseClock(at));
	time.dateTime = new Date(at).toISOString();
	const summary = create("summary", "");
	summary.append(
		time,
		create("span", "type", type),
		create("span", "channel", channel),
		create("span", "id", id),
		create("span", "data", json.slice(0, PREVIEW_CHARACTERS)),
	);
	const details = create("details", "");
	details.append(summary);
	// Most rows are never unfolded, so the details are written when one is.
	details.addEventListener("toggle", () => details.append(create("pre", "", JSON.stringify(data, null, 2))), {
		once: true,
	});
	const element = create("li", "event");
	element.append(details);
	return { element, text: `${type} ${channel} ${id} ${json}`.toLowerCase() };
}

type Tone = "good" | "warn" | "bad" | "plain";

const CONTROL_TONES: Record<ControlEvent["name"], Tone> = {
	connected: "good",
	gap: "bad",
	expiring: "warn",
	presence: "plain",
	ended: "plain",
	closing: "bad",
};

const OCCURRENCE_TONES: Record<Occurrence, Tone> = {
	cut: "warn",
	resuming: "plain",
	dropped: "warn",
	refused: "bad",
	waiting: "plain",
	ended: "bad",
};

/** The row of a control event. */
export function controlRow(event: ControlEvent): Row {
	return happening(event.name, CONTROL_TONES[event.name], describe(event));
}

/** The row of what the page did or noticed. */
export function occurrenceRow(name: Occurrence, text: string): Row {
	return happening(name, OCCURRENCE_TONES[name], text);
}

function happening(name: string, tone: Tone, text: string): Row {
	const now = Date.now();
	const time = create("time", "", preciseClock(now));
	time.dateTime = new Date(now).toISOString();
	const element = create("li", "happening");
	element.dataset.tone = tone;
	element.append(time, create("span", "name", name), create("span", "text", text));
	return { element };
}

function describe({ name, data }: ControlEvent): string {
	switch (name) {
		case "connected": {
			const start = data.resumed ? "Resumed: every event after the cursor follows" : "A new start";
			const end = clock(data.expires * 1000);
			return `As ${data.user} on ${data.channels.join(", ")}. ${start}. Until ${end}, connection ${data.connection}.`;
		}
		case "gap": {
			const what = `Events of ${data.channel} after ${data.after} cannot be replayed (${data.reason}).`;
			const rest = data.oldest === null ? "No events are left." : `The oldest one left is ${data.oldest}.`;
			return `${what} ${rest}`;
		}
		case "expiring":
			return `The credentials end at ${clock(data.expires * 1000)}.`;
		case "presence":
			return "count" in data
				? `Users on ${data.channel}: ${data.count}.`
				: `${data.user} is ${data.state} on ${data.channel}.`;
		case "ended":
			return `The channel ${data.channel} has ended${data.reason ? `: ${data.reason}` : ""}.`;
		case "closing":
			return `The service ended the stream: ${data.reason}. ${nextAfter(data)}.`;
	}
}

function nextAfter({ reason, reconnect }: Closing): string {
	if (reconnect) return "It may be opened again";
	return reason === "revoked" ? "These credentials cannot open it again" : "Nothing more will come";
}
