import { z } from "zod";

/**
 * Every error that a client can meet, with its HTTP status (RFC 9110) and a title for people.
 * The codes are part of the protocol; the `detail` of a {@link Problem} says what to do about it.
 */
const PROBLEMS = {
	invalid_request: { status: 400, title: "The request is malformed" },
	invalid_channel: { status: 400, title: "That is not a channel name" },
	invalid_event: { status: 400, title: "The body holds no valid event" },
	missing_token: { status: 401, title: "Credentials are required" },
	invalid_token: { status: 401, title: "The credentials are not valid" },
	token_expired: { status: 401, title: "The credentials have expired" },
	unsupported_auth_scheme: { status: 401, title: "The authentication scheme is not supported" },
	insufficient_scope: { status: 403, title: "The credentials do not allow this" },
	not_found: { status: 404, title: "There is nothing here" },
	method_not_allowed: { status: 405, title: "The method is not allowed here" },
	head_moved: { status: 412, title: "The channel has moved on" },
	payload_too_large: { status: 413, title: "What was sent is too large" },
	unsupported_media_type: { status: 415, title: "The content type is not supported" },
	idempotency_mismatch: { status: 422, title: "The idempotency key belongs to another publish" },
	rate_limited: { status: 429, title: "Too many requests" },
	too_many_connections: { status: 429, title: "Too many connections" },
	internal_error: { status: 500, title: "Something went wrong inside" },
	jwks_unavailable: { status: 503, title: "The identity provider's keys cannot be read" },
	channel_full: { status: 503, title: "The channel is full" },
	channel_unavailable: { status: 503, title: "The channel cannot be reached" },
	misconfigured: { status: 503, title: "The service is not configured" },
} as const;

/** A code of the protocol's error table. */
export type ProblemCode = keyof typeof PROBLEMS;

export const PROBLEM_CODES = Object.keys(PROBLEMS) as ProblemCode[];

/** The status of a code. */
export function statusOf(code: ProblemCode): number {
	return PROBLEMS[code].status;
}

/** Details may repeat what was sent, and must not grow with it. */
const MAX_DETAIL_CHARACTERS = 500;
const MAX_PLACE_CHARACTERS = 100;

/** Problem details (RFC 9457), the body of every error. */
export const problemSchema = z
	.object({
		type: z.string().meta({ examples: ["urn:tidings:problem:not_found"] }),
		title: z.string(),
		status: z.int(),
		code: z.enum(PROBLEM_CODES).meta({ description: "What went wrong, for programs." }),
		detail: z
			.string()
			.max(MAX_DETAIL_CHARACTERS)
			.meta({ description: "What went wrong and what to do about it, for people." }),
	})
	.meta({ id: "Problem", description: "Problem details (RFC 9457)." });

type ProblemDetails = z.output<typeof problemSchema>;

/** How long a client is asked to wait, in seconds, where its problem passes by itself. */
const RETRY_AFTER_SECONDS: Partial<Record<ProblemCode, number>> = {
	rate_limited: 10,
	too_many_connections: 5,
	jwks_unavailable: 5,
	channel_full: 10,
	channel_unavailable: 1,
	misconfigured: 60,
};

/**
 * An error that crosses the wire as problem details (RFC 9457).
 * Its `detail` is written for the client: it never holds a token, a key or a stack.
 *
 * @example
 * throw new Problem("invalid_channel", "The channel \"a b\" has a space. Use letters, digits and . _ : @ ~ -");
 */
export class Problem extends Error {
	override readonly name = "Problem";
	readonly code: ProblemCode;
	readonly detail: string;
	/** What its answer says in headers, such as `Allow` with `method_not_allowed`. */
	readonly headers: Readonly<Record<string, string>>;

	/** @param detail what went wrong and what to do about it; what is longer than 500 characters is cut. */
	constructor(code: ProblemCode, detail: string, options: { cause?: unknown; headers?: Record<string, string> } = {}) {
		const short = shorten(detail, MAX_DETAIL_CHARACTERS);
		super(`${code}: ${short}`, { cause: options.cause });
		this.code = code;
		this.detail = short;
		this.headers = options.headers ?? {};
	}

	/** An error as a client may see it. What nobody foresaw tells nothing, and is the cause. */
	static of(error: unknown): Problem {
		if (error instanceof Problem) return error;
		return new Problem("internal_error", "The service failed. Try again; its log has the reason.", { cause: error });
	}

	/** The problem that a response of {@link toResponse} holds. */
	static async fromResponse(response: Response): Promise<Problem> {
		const { code, detail } = (await response.json()) as ProblemDetails;
		return new Problem(code, detail);
	}

	get status(): number {
		return statusOf(this.code);
	}

	/** The `application/problem+json` response, with the headers that its status asks for. */
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
		const { code, detail } = this;
		const body: ProblemDetails = { type: `urn:tidings:problem:${code}`, title, status, code, detail };
		return new Response(JSON.stringify(body), { status, headers });
	}

	/** The `WWW-Authenticate` challenge (RFC 6750, section 3): no error code where no credentials were sent. */
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

function shorten(text: string, maxCharacters: number): string {
	if (text.length <= maxCharacters) return text;
	// The cut may fall between the halves of a surrogate pair.
	return `${text.slice(0, maxCharacters - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/**
 * How a detail names a part of what was sent.
 *
 * @example
 * describePlace(["to", "claims"]); // "`to.claims`"
 */
export function describePlace(path: readonly PropertyKey[]): string {
	return `\`${shorten(path.join("."), MAX_PLACE_CHARACTERS)}\``;
}

/** What a schema whose messages are whole sentences found wrong first. */
export function firstMessage(error: z.ZodError): string {
	return error.issues[0]?.message ?? "";
}

/**
 * The first thing that a schema found wrong, as one sentence that starts with the place.
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
