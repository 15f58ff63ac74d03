import { z } from "zod";
import { connectionSchema } from "../../wire/connection.ts";

/** Which stream lives on. */
export const connectionPath = z.object({ connection: connectionSchema });

/** What a client says that gives a sign of life. */
export const signOfLifeSchema = z.strictObject({ alive: z.literal(true, "must be true") }).meta({ id: "SignOfLife" });

export const renewedSchema = z
	.object({
		connection: connectionSchema,
		expires: z.number().meta({ description: "When the stream's credentials end, in unix seconds." }),
		aliveSeconds: z.int().optional().meta({
			description: "To a sign of life: within how many seconds the next one has to come.",
		}),
	})
	.meta({ id: "Renewed" });

export type Renewed = z.output<typeof renewedSchema>;
