import { z } from "zod";

/** The allow list of `CORS_ORIGINS`: the origins whose pages may call the service. */

const HELP =
	"must be `*` alone, or list origins as browsers send them: `https://example.com`, `https://*.example.com` for all its subdomains, or `capacitor://localhost`";

const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/(?:[\w.-]+|\[[0-9a-f:.]+\])(?::\d+)?$/i;
/** Schemes that never occur in an `Origin` header: their pages have the origin `null`, or they have no pages. */
const NON_ORIGIN_SCHEMES = new Set(["about:", "blob:", "data:", "file:", "ftp:", "javascript:", "ws:", "wss:"]);
const HTTP_WILDCARD = /^(https?:\/\/)\*\./;
const HOST_PART = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;

export const originsSchema = z.array(z.string()).check(({ value, issues }) => {
	const message = value.join() === "*" ? undefined : problemOf(value);
	if (message !== undefined) issues.push({ code: "custom", message, input: value });
});

function problemOf(origins: readonly string[]): string | undefined {
	if (origins.length === 0) return HELP;
	for (const origin of origins) {
		if (origin === "null") return "must not list `null`: any page can have this origin";
		const sent = normaliseOrigin(origin);
		if (sent === undefined) return HELP;
		if (sent !== origin) return `must list origins as browsers send them, such as \`${sent}\``;
	}
	return undefined;
}

/** Returns an origin as browsers send it (RFC 6454, section 6.2), or `undefined` if they never send it. */
function normaliseOrigin(origin: string): string | undefined {
	const url = URL.parse(origin.replace(HTTP_WILDCARD, "$1x."));
	if (!url || NON_ORIGIN_SCHEMES.has(url.protocol)) return undefined;
	const sent = `${url.protocol}//${url.host}`;
	if (!ORIGIN.test(sent)) return undefined;
	return HTTP_WILDCARD.test(origin) ? sent.replace("//x.", "//*.") : sent;
}

/**
 * Whether an allow list contains an origin, as itself or with a wildcard.
 *
 * @example
 * isListed("https://a.b.example.com", ["https://*.example.com"]); // true
 * isListed("https://example.com", ["https://*.example.com"]); // false
 */
export function isListed(origin: string, origins: readonly string[]): boolean {
	return origins.some((listed) => listed === origin || matchesWildcard(origin, listed));
}

function matchesWildcard(origin: string, listed: string): boolean {
	const [scheme = "", host] = listed.split("*");
	if (host === undefined || !origin.startsWith(scheme) || !origin.endsWith(host)) return false;
	return HOST_PART.test(origin.slice(scheme.length, -host.length));
}
