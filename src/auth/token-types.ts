import type { JWTPayload } from "jose";
import { Problem } from "../errors.ts";

/**
 * Whether a JWT is an access token, and not another kind that the same keys sign: one that logs somebody out, tells of an
 * event, or proves who holds a key (RFC 8725, sections 2.8 and 3.11).
 */

/** The type of an access token (RFC 9068). */
const ACCESS_TOKEN = "at+jwt";
/** Types of other tokens whose names do not say that they are JWTs of a special kind: calls by telephone (RFC 8225). */
const FOREIGN = ["passport"];

/**
 * Checks what a token's header says that it is. By default, every type of a special kind is refused that is not the one
 * of access tokens: `logout+jwt`, `secevent+jwt`, `dpop+jwt` and whatever will be registered.
 *
 * @param accepted the types that `JWT_TYPES` lists, where it is set: then only these are accepted.
 * @throws Problem `invalid_token`.
 */
export function checkType(typ: string | undefined, accepted: readonly string[] | undefined): void {
	if (accepted) {
		if (typ !== undefined && accepted.some((each) => normal(each) === normal(typ))) return;
		throw new Problem(
			"invalid_token",
			`The token's \`typ\` is not one that this service accepts (JWT_TYPES). Send an access token of the type ${accepted.join(" or ")}.`,
		);
	}
	if (typ === undefined) return;
	const type = normal(typ);
	if ((type.includes("+") && type !== ACCESS_TOKEN) || FOREIGN.includes(type)) throw foreign("typ");
}

/** Tokens that tell of an event, a log-out among them, need not say so in their type: `events` does (RFC 8417). */
export function checkClaims({ events }: JWTPayload): void {
	if (typeof events === "object" && events !== null && !Array.isArray(events)) throw foreign("events");
}

/** Types are media types: upper and lower case are the same, and `application/` may be left out (RFC 7515, section 4.1.9). */
function normal(type: string): string {
	return type.toLowerCase().replace(/^application\//, "");
}

function foreign(where: string): Problem {
	return new Problem(
		"invalid_token",
		`The token's \`${where}\` says that it is not an access token, but one for another purpose. Send the access token.`,
	);
}
