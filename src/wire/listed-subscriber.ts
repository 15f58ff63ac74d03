import { z } from "zod";
import { connectionSchema } from "./connection.ts";

/** An open stream, as administrators see it. */
export const listedSubscriberSchema = z
	.object({
		connection: connectionSchema,
		user: z.string(),
		since: z.int().meta({ description: "When it was opened, in unix milliseconds." }),
	})
	.meta({ id: "Subscriber" });

export type ListedSubscriber = z.output<typeof listedSubscriberSchema>;
