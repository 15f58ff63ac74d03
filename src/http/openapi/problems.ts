import { z } from "zod";
import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from "zod-openapi";
import { type ProblemCode, problemSchema, statusOf } from "../../errors.ts";

/** The error answers of routes, by their codes. */

/** What may happen to any request. */
const ALWAYS: ProblemCode[] = ["internal_error", "misconfigured"];

/** What may happen where a channel's object is asked. */
export const CHANNEL: ProblemCode[] = ["channel_unavailable"];

/** What may be wrong with a token or a publish key. */
export const CREDENTIALS: ProblemCode[] = [
	"missing_token",
	"invalid_token",
	"token_expired",
	"unsupported_auth_scheme",
	"insufficient_scope",
	"jwks_unavailable",
];

const retryAfter = z.string().meta({ description: "After how many seconds to try again." });

const HEADERS: Partial<Record<number, z.ZodObject>> = {
	401: z.object({ "WWW-Authenticate": z.string().meta({ description: "How to authenticate (RFC 6750)." }) }),
	403: z.object({ "WWW-Authenticate": z.string().meta({ description: "What is asked for (RFC 6750)." }) }),
	405: z.object({ Allow: z.string().meta({ description: "The methods that the path has." }) }),
	415: z.object({
		"Accept-Encoding": z.literal("identity").optional().meta({ description: "Where the body was compressed." }),
	}),
	429: z.object({ "Retry-After": retryAfter }),
	503: z.object({ "Retry-After": retryAfter }),
};

/** The answers so far: one with the same codes is the same component of the document. */
const known = new Map<string, ZodOpenApiResponseObject>();

/** The errors that a route may answer with, besides those of every route. */
export function problems(...codes: ProblemCode[]): ZodOpenApiResponsesObject {
	const byStatus = Object.groupBy([...codes, ...ALWAYS], (code) => statusOf(code));
	return Object.fromEntries(
		Object.entries(byStatus).map(([status, codes = []]) => {
			const id = codes.join(".");
			const response = known.get(id) ?? problemResponse(id, Number(status), codes);
			known.set(id, response);
			return [status, response];
		}),
	);
}

function problemResponse(id: string, status: number, codes: ProblemCode[]): ZodOpenApiResponseObject {
	const headers = HEADERS[status];
	const schema = problemSchema.extend({ status: z.literal(status), code: z.enum(codes) });
	return {
		id,
		description: codes.map((code) => `\`${code}\``).join(", "),
		...(headers && { headers }),
		content: { "application/problem+json": { schema } },
	};
}
