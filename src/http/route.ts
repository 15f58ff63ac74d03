import type { Context, Hono } from "hono";
import type { ZodOpenApiOperationObject } from "zod-openapi";
import type { AppEnv } from "./context.ts";

/** How `/openapi.json` describes one method of a path. */
export interface Operation {
	/** In OpenAPI's notation, such as `/channels/{channel}`. */
	path: string;
	method: "get" | "head" | "post" | "put" | "delete";
	/** A function, because most isolates never serve the document and should not pay for building it. */
	describe(): ZodOpenApiOperationObject;
}

/** One method of a path: its description and its handler. */
export interface Route extends Operation {
	handle(c: Context<AppEnv>): Response | Promise<Response>;
}

/** Adds routes to an app. */
export function mount(app: Hono<AppEnv>, routes: readonly Route[]): void {
	for (const { method, path, handle } of routes) app.on(method.toUpperCase(), honoPath(path), handle);
}

/** Writes a path of OpenAPI, `/channels/{channel}`, as Hono has it, `/channels/:channel`. */
function honoPath(path: string): string {
	return path.replaceAll(/\{(\w+)\}/g, ":$1");
}
