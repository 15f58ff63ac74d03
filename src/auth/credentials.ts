import { Problem } from "../errors.ts";

/** What a request carries to say who sent it. */
export type Credentials = { kind: "token"; token: string } | { kind: "ticket"; ticket: string };

/**
 * The bearer token of a request's `Authorization` header (RFC 6750, section 2.1).
 *
 * @throws Problem `missing_token` or `unsupported_auth_scheme`.
 */
export function bearerToken(request: Request): string {
	const token = readHeader(request);
	if (token === undefined) {
		throw new Problem("missing_token", "Send the header `Authorization: Bearer <token>`.");
	}
	return token;
}

/**
 * The credentials in a WebSocket client's message: a token or a ticket.
 *
 * @throws Problem `missing_token` for none, `invalid_request` for both.
 */
export function messageCredentials({
	token,
	ticket,
}: {
	token?: string | undefined;
	ticket?: string | undefined;
}): Credentials {
	if (token !== undefined && ticket !== undefined) {
		throw new Problem("invalid_request", "The message carries a token and a ticket. Send one of them.");
	}
	if (token !== undefined) return { kind: "token", token };
	if (ticket !== undefined) return { kind: "ticket", ticket };
	throw new Problem("missing_token", "Send a `token`, or a `ticket` from `POST /tickets`, in the `auth` message.");
}

/**
 * A subscriber's credentials: the `Authorization` header, `?token=` or `?ticket=` (RFC 6750, section 2: one at a time).
 *
 * @throws Problem `invalid_request` for two at once, `missing_token` for none, `unsupported_auth_scheme`.
 */
export function subscriberCredentials(request: Request): Credentials {
	const query = new URL(request.url).searchParams;
	const header = readHeader(request);
	const found: Credentials[] = [
		...(header === undefined ? [] : [{ kind: "token", token: header } as const]),
		...query.getAll("token").map((token) => ({ kind: "token", token }) as const),
		...query.getAll("ticket").map((ticket) => ({ kind: "ticket", ticket }) as const),
	];
	const [credentials, ...others] = found;
	if (!credentials) {
		throw new Problem(
			"missing_token",
			"Send a token as `Authorization: Bearer <token>` or `?token=`, or a ticket from `POST /tickets` as `?ticket=`.",
		);
	}
	if (others.length > 0) {
		throw new Problem(
			"invalid_request",
			"The request carries more than one credential. Send a header, a token or a ticket, not two of them.",
		);
	}
	return credentials;
}

/**
 * All that a request carries and that may be a credential, good or not: for what must not hold any. Those of the query
 * also as they stand there.
 */
export function secretsOf(headers: Headers, search: string): string[] {
	// Whoever forgets the scheme has sent the token all the same.
	const header = (headers.get("Authorization") ?? "").replace(/^bearer\b/i, "");
	return [...header.split(/[\s,]+/), ...(search === "" ? [] : secretsOfQuery(search))];
}

function secretsOfQuery(search: string): string[] {
	return search
		.slice(1)
		.split("&")
		.flatMap((pair) => {
			const [[name, value] = []] = new URLSearchParams(pair);
			return value !== undefined && (name === "token" || name === "ticket")
				? [value, pair.slice(pair.indexOf("=") + 1)]
				: [];
		});
}

function readHeader(request: Request): string | undefined {
	const header = request.headers.get("Authorization");
	if (header === null) return undefined;
	const [scheme = "", ...rest] = header.trim().split(/ +/);
	if (scheme.toLowerCase() !== "bearer") {
		throw new Problem(
			"unsupported_auth_scheme",
			"Only the Bearer scheme is supported: `Authorization: Bearer <token>`.",
		);
	}
	const [token, ...more] = rest;
	if (token === undefined || more.length > 0) {
		throw new Problem("invalid_token", "The Authorization header must be `Bearer`, one space and one token.");
	}
	return token;
}
