import { createDocument, createSchema, type ZodOpenApiOverride, type ZodOpenApiPathsObject } from "zod-openapi";
import { version } from "../../../package.json";
import { settingsSchema } from "../../config.ts";
import { problemSchema } from "../../errors.ts";
import type { Operation } from "../route.ts";
import { securitySchemes } from "./security.ts";

/** Every path with its methods. */
export function describePaths(operations: readonly Operation[]): ZodOpenApiPathsObject {
	const paths: ZodOpenApiPathsObject = {};
	for (const { path, method, describe } of operations) paths[path] = { ...paths[path], [method]: describe() };
	return paths;
}

/** Leaves out what would tie clients to more than is promised, and bounds that say no more than `integer` does. */
const override: ZodOpenApiOverride = ({ jsonSchema, zodSchema, io }) => {
	if (io === "output" && zodSchema._zod.def.type === "object") delete jsonSchema.additionalProperties;
	if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
	if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
};

/** The HTTP API as an OpenAPI document, made of the schemas that check its requests. */
export function describeApi(operations: readonly Operation[]): ReturnType<typeof createDocument> {
	return createDocument(
		{
			openapi: "3.1.1",
			info: {
				title: "tidings",
				version,
				description:
					"Authenticated server-sent events. What OpenAPI has no words for, such as what a stream says, is in `docs/protocol.md`. Every answer has a header `X-Request-Id`: that of its request, or a new one. Answers have `Cache-Control: no-store`, but for this document and the pages.",
				license: { name: "MIT", identifier: "MIT" },
			},
			// Where the document is: it may be below the path that a Worker mounts the app under.
			servers: [{ url: "." }],
			tags: [
				{ name: "Subscribe", description: "For clients." },
				{ name: "Publish", description: "For backends, and for users whose token has a `publish` claim." },
				{ name: "Administer", description: "For backends." },
				{ name: "Service", description: "For anybody." },
			],
			paths: describePaths(operations),
			components: {
				securitySchemes,
				// No route takes or answers with the settings, so it must be said which side of their schema counts.
				schemas: { Problem: problemSchema, Settings: createSchema(settingsSchema, { io: "input" }).schema },
			},
		},
		{ override },
	);
}
