import { z } from "zod";
import { problems } from "../openapi/problems.ts";
import { NO_CREDENTIALS } from "../openapi/security.ts";
import type { Route } from "../route.ts";

const healthSchema = z.object({ status: z.literal("healthy") }).meta({ id: "Health" });

/** `GET /health`: the settings are usable. They were checked before the request got here. */
export const health: Route = {
	path: "/health",
	method: "get",
	handle: (c) => c.json<z.output<typeof healthSchema>>({ status: "healthy" }),
	describe: () => ({
		operationId: "readHealth",
		tags: ["Service"],
		summary: "Whether the settings are usable",
		security: NO_CREDENTIALS,
		responses: {
			200: { description: "They are.", content: { "application/json": { schema: healthSchema } } },
			...problems(),
		},
	}),
};
