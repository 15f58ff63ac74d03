import { z } from "zod";
import { idSchema } from "./cursor.ts";

/** What a publisher is told: where the events stand, and how many streams were open. */
export const receiptSchema = z
	.object({
		channel: z.string(),
		/** The ids of the events, in their order. */
		ids: z.array(idSchema).meta({ description: "The ids of the events, in their order." }),
		subscribers: z.int().min(0).meta({ description: "How many streams of the channel were open." }),
	})
	.meta({ id: "Receipt" });

export type Receipt = z.output<typeof receiptSchema>;
