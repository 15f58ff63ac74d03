import type { ControlEvents } from "../wire/control.ts";
import { hasTexts, parseObject } from "./body.ts";
import type { Frame } from "./frames.ts";
import type { EventTypes, ReceivedEvent } from "./types.ts";

/** What the service says in one frame: a control event, or an event of a channel. */
export type Notice =
	| { [Name in keyof ControlEvents]: { name: Name; data: ControlEvents[Name] } }[keyof ControlEvents]
	| { name: "event"; data: ReceivedEvent<EventTypes> };

/** The fields that must hold texts before a control event is believed. */
const TEXTS: { [Name in keyof ControlEvents]: readonly (keyof ControlEvents[Name])[] } = {
	connected: ["connection", "user"],
	gap: ["channel", "reason"],
	expiring: [],
	presence: ["channel"],
	ended: ["channel"],
	closing: ["reason"],
};

/**
 * Reads a frame with data. A later version of the service may send what this one does not know: that is `undefined`.
 *
 * @throws Error when the data is not a JSON object, which the service always sends.
 *
 * @example
 * readNotice("expiring", '{"expires":1795223089}'); // { name: "expiring", data: { expires: 1795223089 } }
 */
export function readNotice(event: Frame["event"], data: string): Notice | undefined {
	const told = parseObject(data);
	if (!told) throw new Error("The stream is not from tidings: its data is not a JSON object.");
	if (isControl(event) && hasTexts(told, ...TEXTS[event])) return { name: event, data: told } as unknown as Notice;
	if (hasTexts<ReceivedEvent<EventTypes>>(told, "channel", "id", "type")) return { name: "event", data: told };
	return undefined;
}

function isControl(event: Frame["event"]): event is keyof ControlEvents {
	return event !== undefined && Object.hasOwn(TEXTS, event);
}
