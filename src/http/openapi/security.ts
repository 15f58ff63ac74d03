import type { ZodOpenApiComponentsObject } from "zod-openapi";

/** The kinds of credentials, by the names that routes refer to them by. */
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

/** The security requirement of a route that accepts exactly one of these. */
export function oneOf(...names: (keyof typeof securitySchemes)[]): Record<string, string[]>[] {
	return names.map((name) => ({ [name]: [] }));
}

/** The security requirement of a route that accepts exactly one of these, or no credentials. */
export function oneOfOrNone(...names: (keyof typeof securitySchemes)[]): Record<string, string[]>[] {
	return [...oneOf(...names), {}];
}

export const NO_CREDENTIALS = oneOf();
