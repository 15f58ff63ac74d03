import { z } from "zod";
import { connectionSchema } from "./connection.ts";

/** An open stream in the list of a channel's subscribers. */
export const listedSubscriberSchema = z
	.object({
		connection: connectionSchema,
		user: z.string(),
		since: z.int().meta({ description: "When the stream was opened, in Unix milliseconds." }),
	})
	.meta({ id: "Subscriber" });

export type ListedSubscriber = z.output<typeof listedSubscriberSchema>;
