import { envelopeJson } from "../event.ts";
import type { Dialect } from "./dialect.ts";
import { frame, frames } from "./frame.ts";

/** Frames of `unnamed=1`: envelopes that `EventSource` dispatches as `message`, whatever the event's type is. */
export const unnamed: Dialect = {
	...frames,
	event: (event, channel, id) => frame({ retry: event.retry, id, data: envelopeJson(event, channel) }),
};
