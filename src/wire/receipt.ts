import { z } from "zod";
import { idSchema } from "./cursor.ts";

/** The answer to a publish: the ids of the stored events, and how many streams were open. */
export const receiptSchema = z
	.object({
		channel: z.string(),
		/** The ids of the events, in the order in which they were published. */
		ids: z.array(idSchema).meta({ description: "The ids of the events, in the order in which they were published." }),
		/** The number of streams of the channel that were open. */
		subscribers: z.int().min(0).meta({ description: "The number of streams of the channel that were open." }),
	})
	.meta({ id: "Receipt" });

/** The answer to a publish. Once it arrives, the events are on disk. */
export type Receipt = z.output<typeof receiptSchema>;

/** The answer to a live publish, once its body has ended and its events are on disk. */
export const liveReceiptSchema = z
	.strictObject({
		channel: z.string(),
		first: idSchema.nullable().meta({ description: "The id of the first event; `null` if the body had none." }),
		last: idSchema.nullable().meta({ description: "The id of the last event; `null` if the body had none." }),
		events: z.int().min(0).meta({ description: "The number of events in the body." }),
		subscribers: z
			.int()
			.min(0)
			.meta({ description: "The number of streams of the channel that were open at the end." }),
	})
	.meta({ id: "LiveReceipt" });

/** The answer to a live publish. Once it arrives, the events are on disk. */
export type LiveReceipt = z.output<typeof liveReceiptSchema>;
