import { z } from "zod";
import { channelSchema } from "../../wire/names.ts";

/** Each is a request to its object, and an invocation may have six at once. */
const MAX_CHANNELS = 32;

/** Which channels are asked for, each of them once. The message is a whole sentence. */
export const metricsChannelsSchema = z
	.array(channelSchema)
	.max(MAX_CHANNELS, `At most ${MAX_CHANNELS} channels can be asked for at once.`);

/** All that may stand in the query. */
export const metricsQuerySchema = z.object({
	channel: metricsChannelsSchema
		.optional()
		.meta({ description: "A channel to tell of by itself; repeat it for several. Without any, all are added up." }),
});
