import type { ZodOpenApiPathsObject } from "zod-openapi";
import { healthSchema } from "../native/health.ts";
import { metricsQuerySchema } from "../native/metrics-schema.ts";
import { CHANNEL, CREDENTIALS, problems } from "./problems.ts";
import { NO_CREDENTIALS, oneOf } from "./security.ts";

/** What the service tells of itself. */
export const servicePaths = (): ZodOpenApiPathsObject => ({
	"/health": {
		get: {
			operationId: "readHealth",
			tags: ["Service"],
			summary: "Whether the settings are usable",
			security: NO_CREDENTIALS,
			responses: {
				200: { description: "They are.", content: { "application/json": { schema: healthSchema } } },
				...problems(),
			},
		},
	},
	"/metrics": {
		get: {
			operationId: "readMetrics",
			tags: ["Administer"],
			summary: "What was counted, for Prometheus",
			security: oneOf("publishKey"),
			requestParams: { query: metricsQuerySchema },
			responses: {
				200: {
					description: "Prometheus' text format.",
					content: { "text/plain": { schema: { type: "string" } } },
				},
				...problems("invalid_request", "invalid_channel", "not_found", ...CREDENTIALS, ...CHANNEL),
			},
		},
	},
	"/openapi.json": {
		get: {
			operationId: "readDescription",
			tags: ["Service"],
			summary: "This description",
			security: NO_CREDENTIALS,
			responses: {
				200: {
					description: "An OpenAPI document.",
					content: { "application/json": { schema: { type: "object" } } },
				},
				...problems(),
			},
		},
	},
	"/docs": {
		get: {
			operationId: "readDocs",
			tags: ["Service"],
			summary: "A page that shows this description, and tries requests",
			security: NO_CREDENTIALS,
			responses: {
				200: { description: "The page.", content: { "text/html": { schema: { type: "string" } } } },
				...problems("not_found"),
			},
		},
	},
});
