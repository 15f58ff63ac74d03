import { isCredential } from "./credential.ts";

/**
 * The header that a token is sent in.
 *
 * @throws TypeError for a text that a header cannot hold. `fetch` would say so too, and quote the token.
 */
export function bearer(token: string): { Authorization: string } {
	if (!isCredential(token)) throw new TypeError("getToken gave a text that can be no token.");
	return { Authorization: `Bearer ${token}` };
}
