import { envelopeJson } from "../event.ts";
import type { Dialect } from "./dialect.ts";
import { eventFrame, frames } from "./frame.ts";

/** Frames of `envelope=1`: the data says which channel an event comes from, and when it was published. */
export const envelope: Dialect = {
	...frames,
	event: (event, channel, cursor) => eventFrame(event, cursor, envelopeJson(event, channel)),
};
