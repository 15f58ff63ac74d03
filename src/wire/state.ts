import { z } from "zod";
import { channelRulesSchema } from "./channel-rules.ts";
import { idSchema } from "./cursor.ts";

/** The state of a channel. */
export const channelStateSchema = z
	.object({
		channel: z.string(),
		head: idSchema.meta({
			description: 'The id of the newest event; `"0"` if nothing has been published to the channel yet.',
		}),
		oldest: idSchema.nullable().meta({ description: "The id of the oldest retained event; `null` if there is none." }),
		buffered: z.int().min(0).meta({ description: "The number of retained events." }),
		subscribers: z.int().min(0).meta({ description: "The number of open streams." }),
		relays: z.int().min(0).meta({ description: "Over how many relays the channel has spread; 0 for most channels." }),
		ended: z.boolean().meta({ description: "Whether it has ended, so that nothing can be published to it." }),
		rules: channelRulesSchema,
	})
	.meta({ id: "ChannelState" });

export type ChannelState = z.output<typeof channelStateSchema>;
