/** What the service says of itself about a request or a stream that it refused. */
interface Refusal {
	status: number;
	code: string;
	retryAfter?: number | undefined;
}

/** A request that the service refused, or a stream that it ended for good. */
export class TidingsError extends Error {
	override readonly name = "TidingsError";
	/** The status of the HTTP response; 200 where a stream that was open was ended. */
	readonly status: number;
	/** What it is about, such as `insufficient_scope` or `revoked`; empty where the answer was not the service's own. */
	readonly code: string;
	/** How long to wait before trying again, in milliseconds, where the service said so. */
	readonly retryAfter: number | undefined;

	constructor(message: string, { status, code, retryAfter }: Refusal) {
		super(message);
		this.status = status;
		this.code = code;
		this.retryAfter = retryAfter;
	}

	/** Reads what a response that is not `ok` says (RFC 9457). */
	static async from(response: Response): Promise<TidingsError> {
		const { status, headers } = response;
		const text = await response.text();
		const isProblem = headers.get("Content-Type")?.startsWith("application/problem+json");
		const { code = "", detail = `The service answered with ${status}.` } = isProblem ? JSON.parse(text) : {};
		// Without the header: no number, and not more than 0.
		const seconds = Number(headers.get("Retry-After"));
		return new TidingsError(detail, { status, code, retryAfter: seconds > 0 ? seconds * 1000 : undefined });
	}

	/** Whether the same request may go through later. */
	get isTemporary(): boolean {
		return this.status >= 500 || this.status === 429 || this.status === 408;
	}
}
