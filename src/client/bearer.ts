import { isCredential } from "./credential.ts";

/**
 * The header that carries a token.
 *
 * @throws TypeError for a text that a header cannot hold. `fetch` would throw as well, but its message quotes the token.
 */
export function bearer(token: string): { Authorization: string } {
	if (!isCredential(token))
		throw new TypeError(
			"getToken returned a text that is not a token: a token is visible ASCII characters without spaces.",
		);
	return { Authorization: `Bearer ${token}` };
}
