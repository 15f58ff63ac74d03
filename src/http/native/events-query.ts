import { z } from "zod";
import { hasOneStart, ONE_START } from "../../wire/subscribe-schema.ts";
import type { SubscribeRequest } from "../subscribing.ts";
import { CREDENTIAL_NAMES, channelParameter, flag, once, streamShape } from "./stream-query.ts";

const shape = {
	...streamShape,
	envelope: flag("every event's data is an envelope, which tells its channel, id, type and time."),
	unnamed: flag("with `envelope=1`, events have no `event:` line."),
	control: flag("a plain stream of what was published, without control events.", "1"),
	gap: z.literal("ignore", once("must be `ignore`")).optional().meta({
		description:
			"With `control=0`: where events after the cursor are gone, start with the oldest that is remembered, instead of `410 gap`.",
	}),
};

/** The same without control events. */
const PLAIN = { named: "plain", envelope: "plainEnvelope", unnamed: "plainUnnamed" } as const;

const schema = z
	.object(shape)
	.refine(hasOneStart, ONE_START)
	.refine(({ envelope, unnamed }) => unnamed !== "1" || envelope === "1", {
		path: ["unnamed"],
		error: "needs `envelope=1`: without either, an event would not tell its type",
	})
	.refine(({ presence, control }) => presence !== "1" || control === "1", {
		path: ["presence"],
		error: "must be 0 with `control=0`: who comes and goes is told by control events",
	})
	.refine(({ gap, control }) => gap === undefined || control === "0", {
		path: ["gap"],
		error: "must be left out unless there is `control=0`: other streams are told of a gap by a control event",
	});

export const eventsParameters = z.object({ channel: channelParameter, ...shape });

/** The query of `GET /events`. */
export const eventsQuery = {
	schema,
	names: [...Object.keys(eventsParameters.shape), ...CREDENTIAL_NAMES],
	told({ envelope, unnamed, control, gap }: z.output<typeof schema>): Pick<SubscribeRequest, "dialect" | "gaps"> {
		const dialect = envelope !== "1" ? "named" : unnamed === "1" ? "unnamed" : "envelope";
		if (control === "1") return { dialect };
		return { dialect: PLAIN[dialect], gaps: gap === "ignore" ? "ignored" : "refused" };
	},
};
