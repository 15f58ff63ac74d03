import { z } from "zod";
import { whole } from "../../whole.ts";
import { idSchema } from "../../wire/cursor.ts";
import { listedSubscriberSchema } from "../../wire/listed-subscriber.ts";
import { channelSchema, subjectSchema } from "../../wire/names.ts";

/** What the routes below `/channels/{channel}` are asked, and what they answer. */

export const channelPath = z.object({ channel: channelSchema });

/** Which of the remembered events are asked for. */
export const historyQuerySchema = z.object({
	after: idSchema
		.transform(Number)
		.pipe(z.int("must be the id of an event"))
		.prefault("0")
		.meta({ description: "The id of the event after which the list starts." }),
	limit: whole(1, 1000, /^\d{1,4}$/)
		.prefault(100)
		.meta({ description: "How many events at most." }),
});

/** Whose streams are ended: exactly one of the two, since what is left out must not end everybody's streams. */
export const endedQuerySchema = z
	.object({
		user: subjectSchema
			.optional()
			.meta({ description: "Ends all streams of this subject, and refuses what was issued to them before." }),
		connection: z.string().min(1).optional().meta({ description: "Ends one stream, by its id." }),
	})
	.transform(({ user, connection }, context): { user: string } | { connection: string } => {
		if (user !== undefined && connection === undefined) return { user };
		if (connection !== undefined && user === undefined) return { connection };
		context.addIssue("must name one of the two");
		return z.NEVER;
	});

/** An event with all that there is to know of it. */
export const envelopeSchema = z
	.object({
		channel: z.string(),
		id: idSchema,
		type: z.string(),
		at: z.int().meta({ description: "When it was published, in unix milliseconds." }),
		data: z.unknown(),
	})
	.meta({ id: "Envelope" });

export const historySchema = z.array(envelopeSchema);
export const subscribersSchema = z.array(listedSubscriberSchema);

export const endedSchema = z
	.object({ channel: z.string(), ended: z.int().min(0).meta({ description: "How many streams were ended." }) })
	.meta({ id: "Ended" });
export type Ended = z.output<typeof endedSchema>;
