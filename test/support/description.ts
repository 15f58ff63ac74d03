import type { z } from "zod";
import type { ZodOpenApiOperationObject } from "zod-openapi";
import { describePaths } from "../../src/http/openapi/document.ts";
import { OPERATIONS } from "../../src/http/routes.ts";

/** What `GET /openapi.json` says of requests, with the schemas that it is made of. */

const paths = describePaths(OPERATIONS);

const patterns = Object.keys(paths).map(
	(route) => [route, new RegExp(`^${route.replaceAll(/\{\w+\}/g, "[^/]+")}$`)] as const,
);

interface DescribedAnswer {
	headers?: z.ZodObject;
	content?: Record<string, { schema?: z.ZodType }>;
}

/** The answers of a route, by their status. */
export function answersOf(method: string, route: string): Record<string, DescribedAnswer> {
	const { [method.toLowerCase()]: operation } = (paths[route] ?? {}) as Record<string, ZodOpenApiOperationObject>;
	if (!operation) throw new Error(`${method} ${route} is not described.`);
	return operation.responses as unknown as Record<string, DescribedAnswer>;
}

/** The schema of an answer's body, and that its headers are described. */
export function bodySchema(method: string, route: string, response: Response): z.ZodType {
	const answer = answersOf(method, route)[response.status];
	const type = response.headers.get("Content-Type")?.split(";")[0] ?? "";
	const schema = answer?.content?.[type]?.schema;
	if (!schema) throw new Error(`${response.status} with ${type} is not described for ${method} ${route}.`);
	const names = Object.keys(answer.headers?.shape ?? {});
	answer.headers?.parse(Object.fromEntries(names.map((name) => [name, response.headers.get(name) ?? undefined])));
	return schema;
}

/** Throws unless an error is among those that are described for its route. */
export async function checkDescribed(request: Request, response: Response): Promise<void> {
	const { method } = request;
	const route = routeOf(new URL(request.url).pathname);
	// Neither methods that a path has not, nor HEAD, which answers as GET does, are described.
	if (response.status < 400 || response.status === 405 || method === "HEAD" || route === undefined) return;
	bodySchema(method, route, response).parse(await response.clone().json());
}

function routeOf(path: string): string | undefined {
	return patterns.find(([, pattern]) => pattern.test(path))?.[0];
}
