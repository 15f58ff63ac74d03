import { TidingsError } from "./tidings-error.ts";

/** An answer of somebody else's may say that it can be kept. In Workers of before November 2024, saying no throws. */
const uncached: Pick<RequestInit, "cache"> = "cache" in Request.prototype ? { cache: "no-store" } : {};

/**
 * Sends a request to the service.
 *
 * @param status the only status that is an answer to it. Redirects are not followed: they turn a POST into a GET, and lead
 * credentials elsewhere.
 * @throws TidingsError for any other status; what `fetch` throws.
 */
export async function ask(url: URL, status: number, request: RequestInit): Promise<Response> {
	const response = await fetch(url, { ...request, ...uncached, redirect: "manual" });
	if (response.status !== status) throw await TidingsError.from(response);
	return response;
}
