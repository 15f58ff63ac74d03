import { z } from "zod";
import { connectionSchema } from "../connection.ts";

/** Which stream lives on. */
export const connectionPath = z.object({ connection: connectionSchema });

export const renewedSchema = z
	.object({
		connection: connectionSchema,
		expires: z.number().meta({ description: "When the stream's credentials end, in unix seconds." }),
	})
	.meta({ id: "Renewed" });

export type Renewed = z.output<typeof renewedSchema>;
