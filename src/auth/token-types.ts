import type { JWTPayload } from "jose";
import { Problem } from "../errors.ts";

/**
 * Tells access tokens from the other kinds of JWT that an identity provider signs with the same keys, such as logout
 * tokens, security events and DPoP proofs (RFC 8725, sections 2.8 and 3.11).
 */

/** The type of an access token (RFC 9068, section 2.1). */
const ACCESS_TOKEN = "at+jwt";
/** Types of other JWTs that lack the `+jwt` suffix: PASSporT, for telephone calls (RFC 8225). */
const OTHER_TYPES = ["passport"];

/**
 * Checks the `typ` header of a token. By default, explicitly typed tokens other than `at+jwt` are rejected: `logout+jwt`,
 * `secevent+jwt`, `dpop+jwt` and any that are registered in future.
 *
 * @param accepted the allow list of `JWT_TYPES`. Default: any type but those above, or none.
 * @throws Problem `invalid_token`.
 */
export function checkType(typ: string | undefined, accepted: readonly string[] | undefined): void {
	if (accepted) {
		if (typ !== undefined && accepted.some((each) => normalise(each) === normalise(typ))) return;
		throw new Problem(
			"invalid_token",
			`The token's \`typ\` is not accepted (JWT_TYPES). Send an access token of type ${accepted.join(" or ")}.`,
		);
	}
	if (typ === undefined) return;
	const type = normalise(typ);
	if ((type.includes("+") && type !== ACCESS_TOKEN) || OTHER_TYPES.includes(type)) throw notAccessToken("typ");
}

/**
 * Rejects security event tokens, logout tokens included. Their type is optional, but they have an `events` claim (RFC 8417,
 * section 2.2).
 *
 * @throws Problem `invalid_token`.
 */
export function checkClaims({ events }: JWTPayload): void {
	if (typeof events === "object" && events !== null && !Array.isArray(events)) throw notAccessToken("events");
}

/** Types are media types: case-insensitive, with an optional `application/` prefix (RFC 7515, section 4.1.9). */
function normalise(type: string): string {
	return type.toLowerCase().replace(/^application\//, "");
}

function notAccessToken(member: string): Problem {
	return new Problem(
		"invalid_token",
		`The token's \`${member}\` shows that it is not an access token, but has another purpose. Send the access token.`,
	);
}
