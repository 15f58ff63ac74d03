import { z } from "zod";
import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from "zod-openapi";
import { type ProblemCode, problemSchema, statusOf } from "../../errors.ts";

/** Describes the error responses of routes, by their codes. */

/** Any request can fail with these. */
const ALWAYS: ProblemCode[] = ["internal_error", "misconfigured"];

/** Requests that call the Durable Object of a channel can fail with these. */
export const CHANNEL: ProblemCode[] = ["channel_unavailable"];

/** Requests with a token or a publish key can fail with these. */
export const CREDENTIALS: ProblemCode[] = [
	"missing_token",
	"invalid_token",
	"token_expired",
	"unsupported_auth_scheme",
	"insufficient_scope",
	"jwks_unavailable",
];

/** Requests for a stream can fail with these. */
export const STREAM: ProblemCode[] = [
	"invalid_request",
	"invalid_channel",
	...CREDENTIALS,
	...CHANNEL,
	"rate_limited",
	"too_many_connections",
	"channel_full",
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

/** Responses with the same codes are one component of the document. */
const known = new Map<string, ZodOpenApiResponseObject>();

/** The error responses of a route: those with the given codes, and those that every route has. */
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
