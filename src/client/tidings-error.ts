import { isOfType, readObject } from "./body.ts";
import { retryAfter } from "./retry-after.ts";

/** What is known of a request or a stream that came to nothing. */
interface Refusal {
	status: number;
	code: string;
	retryAfter?: number | undefined;
}

/** A request that the service refused, a stream that it ended for good, or an answer that is not the service's. */
export class TidingsError extends Error {
	override readonly name = "TidingsError";
	/** The status of the HTTP response; 200 where a stream that was open was ended; 0 for a redirect in a browser. */
	readonly status: number;
	/** What it is about, such as `insufficient_scope` or `revoked`; empty where the answer was not the service's own. */
	readonly code: string;
	/** How long to wait before trying again, in milliseconds, where the answer said so. At most an hour. */
	readonly retryAfter: number | undefined;

	constructor(message: string, { status, code, retryAfter }: Refusal) {
		super(message);
		this.status = status;
		this.code = code;
		this.retryAfter = retryAfter;
	}

	/** Reads a response that is not what was asked for: the service's problem details (RFC 9457), or somebody else's. */
	static async from(response: Response): Promise<TidingsError> {
		const isProblem = response.status >= 400 && isOfType(response, "application/problem+json");
		if (isProblem) return TidingsError.of(response, await readObject(response));
		await response.body?.cancel();
		return TidingsError.of(response);
	}

	/** What to say of a response with these problem details. Without a code, it is not the service's. */
	static of({ status, headers }: Response, { code, detail }: Record<string, unknown> = {}): TidingsError {
		const wait = retryAfter(headers.get("Retry-After"), Date.now());
		if (typeof code === "string" && code !== "") {
			const message = typeof detail === "string" ? detail : `The service answered with ${status} ${code}.`;
			return new TidingsError(message, { status, code, retryAfter: wait });
		}
		const given = headers.get("Content-Type")?.slice(0, 99) ?? "no content type";
		// A browser tells of a redirect neither its status nor where it leads.
		const isRedirect = status === 0 || (status >= 300 && status < 400);
		const what = isRedirect ? "a redirect, which is not followed" : `${status}, ${given}`;
		return new TidingsError(`The answer is not from tidings: ${what}. Check the url.`, {
			status,
			code: "",
			retryAfter: wait,
		});
	}

	/** Whether the same request may go through later. What is not the service's own answer passes by itself. */
	get isTemporary(): boolean {
		return this.code === "" || this.status >= 500 || this.status === 429 || this.status === 408;
	}
}
