import { TidingsError } from "./tidings-error.ts";

/** Keeps answers of proxies and portals out of the cache. Workers with an old compatibility date throw for this option. */
const uncached: Pick<RequestInit, "cache"> = "cache" in Request.prototype ? { cache: "no-store" } : {};

/**
 * Sends a request to the service.
 *
 * @param status the only status that is accepted. Redirects are not followed: they turn a POST into a GET, and send
 * credentials elsewhere.
 * @throws TidingsError for any other status; what `fetch` throws.
 */
export async function ask(url: URL, status: number, request: RequestInit): Promise<Response> {
	const response = await fetch(url, { ...request, ...uncached, redirect: "manual" });
	if (response.status !== status) throw await TidingsError.from(response);
	return response;
}
