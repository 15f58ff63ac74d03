import type { ZodOpenApiPathsObject } from "zod-openapi";
import { connectionPath, renewedSchema } from "../connections-schema.ts";
import { CHANNEL, CREDENTIALS, problems } from "./problems.ts";
import { oneOf } from "./security.ts";

/** Renewing streams. */
export const connectionsPaths = (): ZodOpenApiPathsObject => ({
	"/connections/{connection}": {
		put: {
			operationId: "renewStream",
			tags: ["Subscribe"],
			summary: "Let an open stream live on with a new token",
			security: oneOf("token"),
			requestParams: { path: connectionPath },
			responses: {
				200: {
					description: "Until when the stream may live.",
					content: { "application/json": { schema: renewedSchema } },
				},
				...problems("invalid_request", "not_found", ...CREDENTIALS, ...CHANNEL, "rate_limited"),
			},
		},
	},
});
