import { TidingsError } from "./tidings-error.ts";

/** Keeps answers of proxies and portals out of the cache. Workers with an old compatibility date throw for this option. */
const uncached: Pick<RequestInit, "cache"> = "cache" in Request.prototype ? { cache: "no-store" } : {};

/**
 * Sends a request to the service.
 *
 * @param statuses the statuses that are accepted. Redirects are not followed: they turn a POST into a GET, and send
 * credentials elsewhere.
 * @throws TidingsError for any other status; what `fetch` throws.
 */
export async function ask(url: URL, statuses: readonly number[], request: RequestInit): Promise<Response> {
	const response = await fetch(url, { ...request, ...uncached, redirect: "manual" });
	if (!statuses.includes(response.status)) throw await TidingsError.from(response);
	return response;
}
