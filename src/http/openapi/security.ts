import type { ZodOpenApiComponentsObject } from "zod-openapi";

/** What a request can say who sent it with, by the names that routes ask for it by. */
export const securitySchemes = {
	token: {
		type: "http",
		scheme: "bearer",
		bearerFormat: "JWT",
		description: "A token of the identity provider, or one that the `authenticate` hook knows.",
	},
	publishKey: { type: "http", scheme: "bearer", description: "A publish key of a backend, out of `PUBLISH_KEYS`." },
	queryToken: { type: "apiKey", in: "query", name: "token", description: "A token in the URL. A ticket is better." },
	queryTicket: { type: "apiKey", in: "query", name: "ticket", description: "A ticket, from `POST /tickets`." },
} satisfies ZodOpenApiComponentsObject["securitySchemes"];

/** Any one of them, one at a time. */
export function oneOf(...names: (keyof typeof securitySchemes)[]): Record<string, string[]>[] {
	return names.map((name) => ({ [name]: [] }));
}

export const NO_CREDENTIALS = oneOf();
