import { z } from "zod";
import type { DialectName } from "../../wire/dialect/dialects.ts";
import { hasOneStart, ONE_START } from "../../wire/subscribe-schema.ts";
import { CREDENTIAL_NAMES, channelParameter, flag, streamShape } from "./stream-query.ts";

const shape = {
	...streamShape,
	envelope: flag("every event's data is an envelope, which tells its channel, id, type and time."),
	unnamed: flag("with `envelope=1`, events have no `event:` line."),
};

const schema = z
	.object(shape)
	.refine(hasOneStart, ONE_START)
	.refine(({ envelope, unnamed }) => unnamed !== "1" || envelope === "1", {
		path: ["unnamed"],
		error: "needs `envelope=1`: without either, an event would not tell its type",
	});

export const eventsParameters = z.object({ channel: channelParameter, ...shape });

/** The query of `GET /events`. */
export const eventsQuery = {
	schema,
	names: [...Object.keys(eventsParameters.shape), ...CREDENTIAL_NAMES],
	dialect({ envelope, unnamed }: z.output<typeof schema>): DialectName {
		if (envelope !== "1") return "named";
		return unnamed === "1" ? "unnamed" : "envelope";
	},
};
