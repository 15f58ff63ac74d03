/**
 * Resolves the service's routes against the URL that the user has given. Its path and its query are kept for every route.
 * In a page it may be relative.
 *
 * @throws TypeError when the URL cannot be a service's.
 *
 * @example
 * routesOf("https://example.com/sse?tenant=1")("events").href; // "https://example.com/sse/events?tenant=1"
 */
export function routesOf(url: string | URL): (path: string) => URL {
	const base = parse(url);
	if (!/^https?:$/.test(base.protocol)) throw new TypeError("The url must begin with https:// or http://.");
	if (base.username || base.password) throw new TypeError("The url must not hold a user name or a password.");
	base.pathname = base.pathname.replace(/\/*$/, "/");
	return (path) => {
		const route = new URL(path, base);
		route.search = base.search;
		return route;
	};
}

function parse(url: string | URL): URL {
	const page = (globalThis as { location?: { href: string } }).location;
	try {
		return new URL(url, page?.href);
	} catch {
		throw new TypeError("The url must be absolute. Only in a page may it be relative.");
	}
}
