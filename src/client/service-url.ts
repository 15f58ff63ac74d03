/**
 * Where the service's routes are, from the URL that its user has given. That one may have a path, and a query that each
 * request gets. In a page it may be relative.
 *
 * @throws TypeError when it can be no service's.
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
		throw new TypeError("The url must be a whole one; in a page it may be relative.");
	}
}
