import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from "jose";
import { z } from "zod";
import type { TokenConfig } from "../config.ts";
import { firstMessage, Problem } from "../errors.ts";
import { withoutRounded } from "../wire/claims.ts";
import { subjectSchema } from "../wire/names.ts";
import { forSubject } from "./grants.ts";
import { issuerKeys, unusableKey } from "./keys.ts";
import { CLOCK_TOLERANCE_SECONDS, earliestIssue, issuedAtSchema, unixSecondsSchema } from "./times.ts";
import { checkClaims, checkType } from "./token-types.ts";
import type { User } from "./user.ts";

const ENCRYPTED =
	"The token is encrypted (JWE), but this service accepts signed tokens only. If it is a ticket, send it as `ticket`.";

const headerSchema = z.looseObject({
	alg: z.string(),
	kid: z.string().exactOptional(),
	typ: z.string().exactOptional(),
});

/**
 * Verifies a user's JWT with the issuer's keys (RFC 7519, RFC 8725), and returns the user and their grants.
 *
 * @throws Problem `invalid_token`, `token_expired`, or `jwks_unavailable` when the keys cannot be fetched or used.
 */
export async function verifyToken(token: string, config: TokenConfig): Promise<User> {
	try {
		return toUser(await verifiedClaims(token, config), config);
	} catch (error) {
		throw toProblem(error);
	}
}

async function verifiedClaims(token: string, config: TokenConfig): Promise<JWTPayload> {
	const header = readHeader(token);
	if (!config.JWT_ALGORITHMS.some((each) => each === header.alg)) throw new errors.JOSEAlgNotAllowed();
	checkType(header.typ, config.JWT_TYPES);
	const options = {
		algorithms: config.JWT_ALGORITHMS,
		issuer: config.JWT_ISSUER,
		audience: config.JWT_AUDIENCE,
		requiredClaims: ["exp", "sub"],
		clockTolerance: CLOCK_TOLERANCE_SECONDS,
	};
	let failure: unknown;
	for await (const key of issuerKeys(config.JWKS_URL).candidates(header)) {
		try {
			const { payload } = await jwtVerify(token, key, options);
			checkClaims(payload);
			return payload;
		} catch (error) {
			const isSignature = error instanceof errors.JWSSignatureVerificationFailed;
			if ((error instanceof errors.JOSEError && !isSignature) || error instanceof Problem) throw error;
			// Any other error comes from the key itself: try the next one.
			if (isSignature || failure === undefined) failure = isSignature ? error : unusableKey(error);
		}
	}
	throw failure;
}

/** Parses the header, which is not verified yet. */
function readHeader(token: string): z.output<typeof headerSchema> {
	if (token.split(".").length === 5) throw new Problem("invalid_token", ENCRYPTED);
	try {
		return headerSchema.parse(decodeProtectedHeader(token));
	} catch (cause) {
		throw new errors.JWSInvalid("The header is not that of a signed token.", { cause });
	}
}

function toUser(payload: JWTPayload, config: TokenConfig): User {
	// Grants and registered claims (RFC 7519, section 4.1) are not claims about the user.
	const { [config.CHANNELS_CLAIM]: channels, publish, ...rest } = payload;
	const { iss: _iss, aud: _aud, exp: _exp, nbf: _nbf, iat: _iat, jti: _jti, ...claims } = rest;
	const sub = readClaim(payload, "sub", subjectSchema);
	const expires = readClaim(payload, "exp", unixSecondsSchema);
	const issuedAt = readClaim(payload, "iat", issuedAtSchema.optional());
	return {
		sub,
		claims: { ...withoutRounded(claims), sub },
		channels: [...stringsOf(channels), ...forSubject(config.DEFAULT_CHANNELS, sub)],
		publish: stringsOf(publish),
		issuedAt: earliestIssue(issuedAt),
		expires,
	};
}

function readClaim<Value>(payload: JWTPayload, name: string, schema: z.ZodType<Value>): Value {
	const checked = schema.safeParse(payload[name]);
	if (checked.success) return checked.data;
	throw new Problem("invalid_token", `The token's \`${name}\` ${firstMessage(checked.error)}.`);
}

function stringsOf(claim: unknown): string[] {
	return Array.isArray(claim) ? claim.filter((item) => typeof item === "string") : [];
}

function toProblem(error: unknown): unknown {
	if (error instanceof errors.JWTExpired) {
		return new Problem("token_expired", "The token has expired. Get a new one from the identity provider.", {
			cause: error,
		});
	}
	const detail = detailOf(error);
	return detail === undefined ? error : new Problem("invalid_token", detail, { cause: error });
}

function detailOf(error: unknown): string | undefined {
	if (error instanceof errors.JWTClaimValidationFailed) {
		if (error.reason === "missing") return `The token lacks the required claim \`${error.claim}\`.`;
		const setting = { iss: "JWT_ISSUER", aud: "JWT_AUDIENCE" }[error.claim];
		return `The token's \`${error.claim}\` is not accepted${setting ? ` (${setting})` : ""}.`;
	}
	if (error instanceof errors.JOSEAlgNotAllowed)
		return "The token's signature algorithm is not accepted (JWT_ALGORITHMS).";
	if (error instanceof errors.JWKSNoMatchingKey)
		return "The token is signed with a key that the identity provider does not publish.";
	if (error instanceof errors.JWSSignatureVerificationFailed) return "The token's signature is not valid.";
	if (error instanceof errors.JOSEError)
		return "The token is not a valid JWT. Send the complete access token, and nothing else.";
	return undefined;
}
