import { Problem } from "../errors.ts";
import { decodeParameter, type Parameters, splitPair, valuesOf } from "../parameters.ts";

/** The parameters of a query that hold credentials. */
const CREDENTIAL_NAMES: ReadonlySet<string> = new Set(["token", "ticket"]);

/** How to send credentials with a request for a stream, and in a WebSocket client's message. */
export const SEND_IN_REQUEST =
	"Send a token as `Authorization: Bearer <token>` or `?token=`, or a ticket from `POST /tickets` as `?ticket=`.";
export const SEND_IN_MESSAGE = "Send a `token`, or a `ticket` from `POST /tickets`, in the `auth` message.";

/** The credentials of a subscriber. */
export type Credentials = { kind: "token"; token: string } | { kind: "ticket"; ticket: string };

/** The fields of a WebSocket client's message that may hold credentials. */
export interface AuthMessage {
	token?: string | undefined;
	ticket?: string | undefined;
}

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
 * The credentials in a WebSocket client's message, a token or a ticket; `undefined` if it has none.
 *
 * @throws Problem `invalid_request` for both.
 */
export function messageCredentials({ token, ticket }: AuthMessage): Credentials | undefined {
	if (token !== undefined && ticket !== undefined) {
		throw new Problem("invalid_request", "The message carries a token and a ticket. Send one of them.");
	}
	if (token !== undefined) return { kind: "token", token };
	return ticket === undefined ? undefined : { kind: "ticket", ticket };
}

/**
 * The credentials of a request for a stream: the `Authorization` header, `?token=` or `?ticket=`. A request has at most
 * one (RFC 6750, section 2); `undefined` if it has none.
 *
 * @param query the parameters of the request's query.
 * @throws Problem `invalid_request` for more than one, `unsupported_auth_scheme`.
 */
export function subscriberCredentials(request: Request, query: Parameters): Credentials | undefined {
	const header = readHeader(request);
	const found: Credentials[] = [
		...(header === undefined ? [] : [{ kind: "token", token: header } as const]),
		...valuesOf(query, "token").map((token) => ({ kind: "token", token }) as const),
		...valuesOf(query, "ticket").map((ticket) => ({ kind: "ticket", ticket }) as const),
	];
	const [credentials, ...others] = found;
	if (others.length > 0) {
		throw new Problem(
			"invalid_request",
			"The request carries more than one credential. Send one: a header, a token or a ticket.",
		);
	}
	return credentials;
}

/**
 * Everything in a request that may be a credential, valid or not, so that it can be kept out of the log. A credential of
 * the query is listed both decoded and as it was sent.
 *
 * @param query as it was sent, without its question mark.
 */
export function secretsOf(headers: Headers, query: string): string[] {
	// A client that forgets the scheme has sent the token all the same.
	const header = (headers.get("Authorization") ?? "").replace(/^bearer\b/i, "");
	return [...header.split(/[\s,]+/), ...secretsOfQuery(query)];
}

/** The log is written for queries that are refused, too: what cannot be decoded is listed as it was sent. */
function secretsOfQuery(query: string): string[] {
	const secrets: string[] = [];
	for (const pair of query.split("&")) {
		const [name, value] = splitPair(pair);
		if (!CREDENTIAL_NAMES.has(decodeParameter(name) ?? "")) continue;
		secrets.push(decodeParameter(value) ?? value, value);
	}
	return secrets;
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
