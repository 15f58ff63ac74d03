import type { ContentfulStatusCode } from "hono/utils/http-status";

const STATUS = {
	invalid_request: 400,
	invalid_credentials: 401,
	invalid_token: 401,
	not_found: 404,
	username_taken: 409,
	body_too_large: 413,
	unsupported_media_type: 415,
	too_many_attempts: 429,
	internal: 500,
	misconfigured: 503,
} as const satisfies Record<string, ContentfulStatusCode>;

/** An error that is sent to the caller, as `{code, detail}`. */
export class Problem extends Error {
	readonly code: keyof typeof STATUS;
	readonly headers: Record<string, string>;

	constructor(code: keyof typeof STATUS, detail: string, headers: Record<string, string> = {}) {
		super(detail);
		this.code = code;
		this.headers = headers;
	}

	toResponse(): Response {
		const body = { code: this.code, detail: this.message };
		return Response.json(body, { status: STATUS[this.code], headers: this.headers });
	}
}
