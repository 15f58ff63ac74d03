import type { Settings } from "./settings.ts";

/**
 * What clients can find out by themselves (OpenID Connect Discovery, RFC 8414). It says what is there, and no more: this
 * issuer has no page to log in at, and gives out no ID tokens.
 */
export function metadata({ ISSUER }: Settings): Record<string, unknown> {
	return {
		issuer: ISSUER,
		jwks_uri: `${ISSUER}/.well-known/jwks.json`,
		token_endpoint: `${ISSUER}/token`,
		token_endpoint_auth_methods_supported: ["none"],
		grant_types_supported: ["refresh_token"],
		response_types_supported: [],
		subject_types_supported: ["public"],
		claims_supported: ["iss", "aud", "sub", "iat", "exp", "jti", "channels"],
	};
}
