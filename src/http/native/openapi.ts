import { describeApi } from "../openapi/document.ts";
import { problems } from "../openapi/problems.ts";
import { NO_CREDENTIALS } from "../openapi/security.ts";
import type { Operation, Route } from "../route.ts";

/**
 * `GET /openapi.json`: the description of the HTTP API, for tools. It is written at the first request for it.
 *
 * @param operations everything that it describes, which includes this route.
 */
export function openapi(operations: () => readonly Operation[]): Route {
	let text: string | undefined;
	return {
		path: "/openapi.json",
		method: "get",
		handle: (c) => {
			text ??= JSON.stringify(describeApi(operations()));
			return c.body(text, 200, {
				"Content-Type": "application/json",
				"Cache-Control": "no-cache",
				"X-Content-Type-Options": "nosniff",
			});
		},
		describe: () => ({
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
		}),
	};
}
