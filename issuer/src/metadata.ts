import type { Settings } from "./settings.ts";

/**
 * The issuer's metadata, for clients that configure themselves (OpenID Connect Discovery, RFC 8414). It has no
 * `authorization_endpoint`, because this issuer has no login page, and it issues no ID tokens.
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
