import type { ZodOpenApiPathsObject } from "zod-openapi";
import { connectionPath, renewedSchema, signOfLifeSchema } from "../native/connections-schema.ts";
import { CHANNEL, CREDENTIALS, problems } from "./problems.ts";
import { oneOf } from "./security.ts";

/** Renewing streams. */
export const connectionsPaths = (): ZodOpenApiPathsObject => ({
	"/connections/{connection}": {
		put: {
			operationId: "renewStream",
			tags: ["Subscribe"],
			summary: "Let an open stream live on with a new token, or give a sign of life for it",
			description: "Without a body, the stream is renewed.",
			security: oneOf("token"),
			requestParams: { path: connectionPath },
			requestBody: { required: false, content: { "application/json": { schema: signOfLifeSchema } } },
			responses: {
				200: {
					description: "Until when the stream may live.",
					content: { "application/json": { schema: renewedSchema } },
				},
				...problems(
					"invalid_request",
					"not_found",
					...CREDENTIALS,
					...CHANNEL,
					"payload_too_large",
					"unsupported_media_type",
					"rate_limited",
				),
			},
		},
	},
});
