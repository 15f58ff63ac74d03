import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { TokenConfig } from "../config.ts";
import { Problem } from "../errors.ts";
import { forSubject } from "./grants.ts";
import type { User } from "./user.ts";

/** How far the clocks of the issuer and the edge may be apart. */
export const CLOCK_TOLERANCE_SECONDS = 60;

/** One key set an isolate and URL: it caches the keys and limits how often they are fetched. */
const keySets = new Map<string, JWTVerifyGetKey>();

/**
 * Verifies a subscriber's JWT against the issuer's keys (RFC 7519, RFC 8725).
 *
 * @throws Problem `invalid_token`, `token_expired`, or `jwks_unavailable` when the keys cannot be read.
 */
export async function verifyToken(token: string, config: TokenConfig): Promise<User> {
	try {
		return toUser(await verifiedClaims(token, config), config);
	} catch (error) {
		throw toProblem(error);
	}
}

async function verifiedClaims(token: string, config: TokenConfig): Promise<JWTPayload> {
	const options = {
		algorithms: config.JWT_ALGORITHMS,
		issuer: config.JWT_ISSUER,
		audience: config.JWT_AUDIENCE,
		requiredClaims: ["exp", "sub"],
		clockTolerance: CLOCK_TOLERANCE_SECONDS,
	};
	try {
		return (await jwtVerify(token, keySet(config.JWKS_URL), options)).payload;
	} catch (error) {
		if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
		return await tryEach(error, (key) => jwtVerify(token, key, options));
	}
}

/** A token that does not say which key signed it may be anyone's of its kind (RFC 7515, section 4.1.4: `kid` is optional). */
async function tryEach(
	keys: AsyncIterable<CryptoKey>,
	verify: (key: CryptoKey) => Promise<{ payload: JWTPayload }>,
): Promise<JWTPayload> {
	for await (const key of keys) {
		try {
			return (await verify(key)).payload;
		} catch (error) {
			if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
		}
	}
	throw new errors.JWSSignatureVerificationFailed();
}

function keySet(url: string): JWTVerifyGetKey {
	const known = keySets.get(url);
	if (known) return known;
	const remote = createRemoteJWKSet(new URL(url));
	const keys: JWTVerifyGetKey = async (header, token) => {
		try {
			return await remote(header, token);
		} catch (cause) {
			// Which key a token names is the token's affair; everything else is the provider's.
			if (cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys) throw cause;
			if (cause instanceof errors.JOSENotSupported) throw cause;
			throw new Problem(
				"jwks_unavailable",
				"The identity provider's keys (JWKS_URL) cannot be read just now. Try again soon.",
				{ cause },
			);
		}
	};
	keySets.set(url, keys);
	return keys;
}

function toUser(payload: JWTPayload, config: TokenConfig): User {
	// What a token says of itself is no claim about its user.
	const { iss: _iss, aud: _aud, exp, nbf: _nbf, iat, jti: _jti, ...claims } = payload;
	const { sub } = claims;
	if (typeof sub !== "string" || sub === "" || exp === undefined) {
		throw new Problem("invalid_token", "The token's `sub` must be a text that is not empty.");
	}
	return {
		sub,
		claims,
		channels: [...stringList(payload[config.CHANNELS_CLAIM]), ...forSubject(config.DEFAULT_CHANNELS, sub)],
		publish: stringList(payload.publish),
		issuedAt: iat ?? 0,
		expires: exp,
	};
}

function stringList(claim: unknown): string[] {
	return Array.isArray(claim) ? claim.filter((item) => typeof item === "string") : [];
}

function toProblem(error: unknown): unknown {
	if (error instanceof errors.JWTExpired) {
		return new Problem("token_expired", "The token has expired. Get a new one from the identity provider.", {
			cause: error,
		});
	}
	const reason = invalidTokenReason(error);
	return reason === undefined ? error : new Problem("invalid_token", reason, { cause: error });
}

function invalidTokenReason(error: unknown): string | undefined {
	if (error instanceof errors.JWTClaimValidationFailed) {
		if (error.reason === "missing") return `The token has no \`${error.claim}\`, which is required.`;
		const setting = { iss: "JWT_ISSUER", aud: "JWT_AUDIENCE" }[error.claim];
		return `The token's \`${error.claim}\` is not one that this service accepts${setting ? ` (${setting})` : ""}.`;
	}
	if (error instanceof errors.JOSEAlgNotAllowed)
		return "The token's signature algorithm is not accepted (JWT_ALGORITHMS).";
	if (error instanceof errors.JWKSNoMatchingKey)
		return "The token is signed with a key that the identity provider does not publish.";
	if (error instanceof errors.JWSSignatureVerificationFailed) return "The token's signature is not valid.";
	if (error instanceof errors.JOSEError)
		return "The token is not a JWT that can be verified. Send the whole access token, and nothing else.";
	return undefined;
}
