import { z } from "zod";

/**
 * Every error that the service returns, with its HTTP status (RFC 9110, section 15) and a human-readable title. The codes
 * are part of the protocol. The `detail` of a {@link Problem} says what to do.
 */
const PROBLEMS = {
	invalid_request: { status: 400, title: "The request is malformed" },
	invalid_channel: { status: 400, title: "The channel name is not valid" },
	invalid_event: { status: 400, title: "The event is not valid" },
	missing_token: { status: 401, title: "Credentials are required" },
	invalid_token: { status: 401, title: "The credentials are not valid" },
	token_expired: { status: 401, title: "The credentials have expired" },
	unsupported_auth_scheme: { status: 401, title: "The authentication scheme is not supported" },
	insufficient_scope: { status: 403, title: "The credentials do not allow this" },
	not_found: { status: 404, title: "Not found" },
	method_not_allowed: { status: 405, title: "The method is not allowed" },
	channel_ended: { status: 409, title: "The channel has ended" },
	gap: { status: 410, title: "Events after the cursor are gone" },
	head_moved: { status: 412, title: "The head of the channel has moved" },
	payload_too_large: { status: 413, title: "The payload is too large" },
	unsupported_media_type: { status: 415, title: "The content type is not supported" },
	idempotency_mismatch: { status: 422, title: "The idempotency key was used for a different publish" },
	rate_limited: { status: 429, title: "Too many requests" },
	too_many_connections: { status: 429, title: "Too many connections" },
	internal_error: { status: 500, title: "Internal error" },
	jwks_unavailable: { status: 503, title: "The identity provider's keys are unavailable" },
	channel_full: { status: 503, title: "The channel is full" },
	channel_unavailable: { status: 503, title: "The channel is unavailable" },
	misconfigured: { status: 503, title: "The service is misconfigured" },
} as const;

/** A code of the protocol's error table. */
export type ProblemCode = keyof typeof PROBLEMS;

export const PROBLEM_CODES = Object.keys(PROBLEMS) as ProblemCode[];

/** Returns the HTTP status of a code. */
export function statusOf(code: ProblemCode): number {
	return PROBLEMS[code].status;
}

/** Details may quote the request, so their length is bounded. */
const MAX_DETAIL_CHARACTERS = 500;
const MAX_PATH_CHARACTERS = 100;

/** The body of every error: problem details (RFC 9457, section 3). */
export const problemSchema = z
	.object({
		type: z.string().meta({ examples: ["urn:tidings:problem:not_found"] }),
		title: z.string(),
		status: z.int(),
		code: z.enum(PROBLEM_CODES).meta({ description: "Identifies the error, for programs." }),
		detail: z
			.string()
			.max(MAX_DETAIL_CHARACTERS)
			.meta({ description: "Says what went wrong and what to do, for people." }),
		stored: z
			.int()
			.min(0)
			.optional()
			.meta({ description: "Of a live publish that is refused: how many events of its body are stored. They stay." }),
	})
	.meta({ id: "Problem", description: "Problem details (RFC 9457)." });

type ProblemDetails = z.output<typeof problemSchema>;

/** The `Retry-After` of errors that pass by themselves (RFC 9110, section 10.2.3). */
const RETRY_AFTER_SECONDS: Partial<Record<ProblemCode, number>> = {
	rate_limited: 10,
	too_many_connections: 5,
	jwks_unavailable: 5,
	channel_full: 10,
	channel_unavailable: 1,
	misconfigured: 60,
};

interface ProblemOptions {
	cause?: unknown;
	headers?: Record<string, string>;
	stored?: number | undefined;
}

/**
 * An error that is returned to the client as problem details (RFC 9457). Its `detail` is written for the client, and never
 * contains a token, a key or a stack trace.
 *
 * @example
 * throw new Problem("invalid_channel", "The channel name \"a b\" contains a space. Use letters, digits and . _ : @ ~ -");
 */
export class Problem extends Error {
	override readonly name = "Problem";
	readonly code: ProblemCode;
	readonly detail: string;
	/** Headers of the response, such as `Allow` with `method_not_allowed`. Default: none. */
	readonly headers: Readonly<Record<string, string>>;
	/** How many events of a live publish are stored. */
	readonly stored: number | undefined;

	/** @param detail what went wrong and what to do. Truncated to 500 characters. */
	constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
		const short = truncate(detail, MAX_DETAIL_CHARACTERS);
		super(`${code}: ${short}`, { cause: options.cause });
		this.code = code;
		this.detail = short;
		this.headers = options.headers ?? {};
		this.stored = options.stored;
	}

	/** Converts any error to one that the client may see. An unexpected error becomes the cause of `internal_error`. */
	static of(error: unknown): Problem {
		if (error instanceof Problem) return error;
		return new Problem("internal_error", "The service failed. Try again. The reason is in its log.", { cause: error });
	}

	/** Parses a response that {@link toResponse} created. */
	static async fromResponse(response: Response): Promise<Problem> {
		const { code, detail, stored } = (await response.json()) as ProblemDetails;
		return new Problem(code, detail, { stored });
	}

	get status(): number {
		return statusOf(this.code);
	}

	/** Creates the `application/problem+json` response, with the headers that its status requires. */
	toResponse(): Response {
		const { status, title } = PROBLEMS[this.code];
		const headers = new Headers({
			...this.headers,
			"Content-Type": "application/problem+json",
			"Cache-Control": "no-store",
			"X-Content-Type-Options": "nosniff",
		});
		const challenge = this.#challenge();
		if (challenge) headers.set("WWW-Authenticate", challenge);
		const retryAfter = RETRY_AFTER_SECONDS[this.code];
		if (retryAfter !== undefined) headers.set("Retry-After", String(retryAfter));
		const { code, detail, stored } = this;
		const body: ProblemDetails = {
			type: `urn:tidings:problem:${code}`,
			title,
			status,
			code,
			detail,
			...(stored !== undefined && { stored }),
		};
		return new Response(JSON.stringify(body), { status, headers });
	}

	/** The `WWW-Authenticate` challenge (RFC 6750, section 3). It has no error code when no credentials were sent. */
	#challenge(): string | undefined {
		switch (this.code) {
			case "missing_token":
			case "unsupported_auth_scheme":
				return 'Bearer realm="tidings"';
			case "invalid_token":
			case "token_expired":
				return `Bearer realm="tidings", error="invalid_token", error_description="${PROBLEMS[this.code].title}"`;
			case "insufficient_scope":
				return 'Bearer realm="tidings", error="insufficient_scope"';
			default:
				return undefined;
		}
	}
}

function truncate(text: string, maxCharacters: number): string {
	if (text.length <= maxCharacters) return text;
	// Do not split a surrogate pair.
	return `${text.slice(0, maxCharacters - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/**
 * Formats the path of a value within the request, for a detail.
 *
 * @example
 * describePlace(["to", "claims"]); // "`to.claims`"
 */
export function describePlace(path: readonly PropertyKey[]): string {
	return `\`${truncate(path.join("."), MAX_PATH_CHARACTERS)}\``;
}

/** Returns the message of the first issue. For schemas whose messages are complete sentences. */
export function firstMessage(error: z.ZodError): string {
	return error.issues[0]?.message ?? "The request is not valid.";
}

/**
 * Describes the first issue that a schema found, as a sentence that starts with the path of the value.
 *
 * @param whole the subject of the sentence when the issue concerns the whole value, such as `The event`.
 *
 * @example
 * describeIssue(error, "The event"); // "`data` is missing; any JSON value will do."
 */
export function describeIssue(error: z.ZodError, whole: string): string {
	const [issue] = error.issues;
	if (!issue) return `${whole} is not valid.`;
	const place = issue.path.length > 0 ? describePlace(issue.path) : whole;
	const message = /^(is|must|has|names)\b/.test(issue.message) ? issue.message : `is not valid: ${issue.message}`;
	return `${place} ${message}.`;
}
