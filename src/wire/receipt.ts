import { z } from "zod";
import { idSchema } from "./cursor.ts";

/** The answer to a publish: the ids of the stored events, and how many streams were open. */
export const receiptSchema = z
	.object({
		channel: z.string(),
		ids: z.array(idSchema).meta({ description: "The ids of the events, in the order in which they were published." }),
		subscribers: z.int().min(0).meta({ description: "The number of streams of the channel that were open." }),
	})
	.meta({ id: "Receipt" });

export type Receipt = z.output<typeof receiptSchema>;
