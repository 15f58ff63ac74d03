import { z } from "zod";

/** The origins of pages that may call the service, as `CORS_ORIGINS` lists them. */

const HELP =
	"must be `*` alone, or list origins as browsers send them: `https://example.com`, `https://*.example.com` for all hosts below it, or `capacitor://localhost`";

const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/(?:[\w.-]+|\[[0-9a-f:.]+\])(?::\d+)?$/i;
/** Pages have no such origins: theirs is `null` there, or there are no pages. */
const SCHEMES_WITHOUT_PAGES = new Set(["about:", "blob:", "data:", "file:", "ftp:", "javascript:", "ws:", "wss:"]);
const HTTP_WILDCARD = /^(https?:\/\/)\*\./;
const HOST_PART = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;

export const originsSchema = z.array(z.string()).check(({ value, issues }) => {
	const message = value.join() === "*" ? undefined : problemOf(value);
	if (message !== undefined) issues.push({ code: "custom", message, input: value });
});

function problemOf(origins: readonly string[]): string | undefined {
	if (origins.length === 0) return HELP;
	for (const origin of origins) {
		if (origin === "null") return "must not hold `null`, which any page can have";
		const sent = asSent(origin);
		if (sent === undefined) return HELP;
		if (sent !== origin) return `must have its origins as browsers send them: \`${sent}\``;
	}
	return undefined;
}

/** How browsers would send an origin; `undefined` for what they never do. */
function asSent(origin: string): string | undefined {
	const url = URL.parse(origin.replace(HTTP_WILDCARD, "$1x."));
	if (!url || SCHEMES_WITHOUT_PAGES.has(url.protocol)) return undefined;
	const sent = `${url.protocol}//${url.host}`;
	if (!ORIGIN.test(sent)) return undefined;
	return HTTP_WILDCARD.test(origin) ? sent.replace("//x.", "//*.") : sent;
}

/**
 * Whether an origin is among those that are listed.
 *
 * @example
 * isListed("https://a.b.example.com", ["https://*.example.com"]); // true
 * isListed("https://example.com", ["https://*.example.com"]); // false
 */
export function isListed(origin: string, origins: readonly string[]): boolean {
	return origins.some((listed) => listed === origin || isBelow(origin, listed));
}

function isBelow(origin: string, listed: string): boolean {
	const [scheme = "", host] = listed.split("*");
	if (host === undefined || !origin.startsWith(scheme) || !origin.endsWith(host)) return false;
	return HOST_PART.test(origin.slice(scheme.length, -host.length));
}
