import { createDocument, createSchema, type ZodOpenApiOverride, type ZodOpenApiPathsObject } from "zod-openapi";
import { version } from "../../../package.json";
import { settingsSchema } from "../../config.ts";
import { problemSchema } from "../../errors.ts";
import type { Operation } from "../route.ts";
import { securitySchemes } from "./security.ts";

/** Describes every path with its methods. */
export function describePaths(operations: readonly Operation[]): ZodOpenApiPathsObject {
	const paths: ZodOpenApiPathsObject = {};
	for (const { path, method, describe } of operations) paths[path] = { ...paths[path], [method]: describe() };
	return paths;
}

/** Leaves out `additionalProperties: false` of responses, since fields may be added, and the bounds that every integer has. */
const override: ZodOpenApiOverride = ({ jsonSchema, zodSchema, io }) => {
	if (io === "output" && zodSchema._zod.def.type === "object") delete jsonSchema.additionalProperties;
	if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
	if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
};

/** Creates the OpenAPI document of the HTTP API, from the same schemas that check the requests. */
export function describeApi(operations: readonly Operation[]): ReturnType<typeof createDocument> {
	// No request or response contains the settings, so whether this is input or output must be given.
	const settings = createSchema(settingsSchema, { io: "input" });
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
			// Relative to the document, since a Worker may mount the app under a path.
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
				schemas: { Problem: problemSchema, Settings: settings.schema, ...settings.components },
			},
		},
		{ override },
	);
}
