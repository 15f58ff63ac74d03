import { z } from "zod";
import { idSchema } from "./cursor.ts";

/** How a channel stands. Before anything was published, `head` is `"0"`. */
export const channelStateSchema = z
	.object({
		channel: z.string(),
		head: idSchema.meta({
			description: 'The id of the newest event; `"0"` for a channel that nothing was published to.',
		}),
		oldest: idSchema.nullable().meta({ description: "The id of the oldest event that is remembered." }),
		buffered: z.int().min(0).meta({ description: "How many events are remembered." }),
		subscribers: z.int().min(0).meta({ description: "How many streams are open." }),
	})
	.meta({ id: "ChannelState" });

export type ChannelState = z.output<typeof channelStateSchema>;
