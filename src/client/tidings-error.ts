import { isOfType, readObject } from "./body.ts";
import { retryAfter } from "./retry-after.ts";

/** What is known about a request or a stream that failed. */
interface Failure {
	status: number;
	code: string | undefined;
	retryAfter?: number | undefined;
	stored?: number | undefined;
}

/** A request that the service refused, a stream that it ended for good, or an answer that is not the service's own. */
export class TidingsError extends Error {
	override readonly name = "TidingsError";
	/** The status of the HTTP response; 200 if an open stream was ended; 0 for a redirect in a browser. */
	readonly status: number;
	/** The service's code for it, such as `insufficient_scope` or `revoked`; `undefined` for an answer of somebody else. */
	readonly code: string | undefined;
	/** How many milliseconds to wait before trying again, if the answer said so. At most an hour. */
	readonly retryAfter: number | undefined;
	/** How many events of a stream were stored before the service refused one. They stay stored. */
	readonly stored: number | undefined;

	constructor(message: string, { status, code, retryAfter, stored }: Failure) {
		super(message);
		this.status = status;
		this.code = code;
		this.retryAfter = retryAfter;
		this.stored = stored;
	}

	/** Reads an unexpected response: the service's problem details (RFC 9457), or an answer of somebody else. */
	static async from(response: Response): Promise<TidingsError> {
		const isProblem = response.status >= 400 && isOfType(response, "application/problem+json");
		if (isProblem) return TidingsError.of(response, await readObject(response));
		await response.body?.cancel();
		return TidingsError.of(response);
	}

	/** The error for a response with these problem details. Without a code, the response is not the service's own. */
	static of({ status, headers }: Response, { code, detail, stored }: Record<string, unknown> = {}): TidingsError {
		const wait = retryAfter(headers.get("Retry-After"), Date.now());
		if (typeof code === "string" && code !== "") {
			const message = typeof detail === "string" ? detail : `The service answered with ${status} ${code}.`;
			const kept = typeof stored === "number" ? stored : undefined;
			return new TidingsError(message, { status, code, retryAfter: wait, stored: kept });
		}
		const given = headers.get("Content-Type")?.slice(0, 99) ?? "no content type";
		// A browser hides the status and the target of a redirect.
		const isRedirect = status === 0 || (status >= 300 && status < 400);
		const what = isRedirect ? "a redirect, and redirects are not followed" : `${status}, ${given}`;
		return new TidingsError(`The answer is not from tidings: ${what}. Check the url.`, {
			status,
			code: undefined,
			retryAfter: wait,
		});
	}

	/** Whether the same request may succeed later. An answer that is not the service's own is always temporary. */
	get isTemporary(): boolean {
		return this.code === undefined || this.status >= 500 || this.status === 429 || this.status === 408;
	}
}
