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
	"The token is encrypted (JWE), and this service takes signed ones. If it is a ticket, send it as `ticket`.";

const headerSchema = z.looseObject({
	alg: z.string(),
	kid: z.string().exactOptional(),
	typ: z.string().exactOptional(),
});

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
			// What else is thrown is about the key: another one may still be good.
			if (isSignature || failure === undefined) failure = isSignature ? error : unusableKey(error);
		}
	}
	throw failure;
}

/** What a token says of itself, before any of it is verified. */
function readHeader(token: string): z.output<typeof headerSchema> {
	if (token.split(".").length === 5) throw new Problem("invalid_token", ENCRYPTED);
	try {
		return headerSchema.parse(decodeProtectedHeader(token));
	} catch (cause) {
		throw new errors.JWSInvalid("The header is not one of a signed token.", { cause });
	}
}

function toUser(payload: JWTPayload, config: TokenConfig): User {
	// What a token says of itself is no claim about its user, nor is what it grants.
	const { [config.CHANNELS_CLAIM]: channels, publish, ...rest } = payload;
	const { iss: _iss, aud: _aud, exp: _exp, nbf: _nbf, iat: _iat, jti: _jti, ...claims } = rest;
	const sub = claimOf(payload, "sub", subjectSchema);
	const expires = claimOf(payload, "exp", unixSecondsSchema);
	const issuedAt = claimOf(payload, "iat", issuedAtSchema.optional());
	return {
		sub,
		claims: { ...withoutRounded(claims), sub },
		channels: [...stringList(channels), ...forSubject(config.DEFAULT_CHANNELS, sub)],
		publish: stringList(publish),
		issuedAt: earliestIssue(issuedAt),
		expires,
	};
}

function claimOf<Value>(payload: JWTPayload, name: string, schema: z.ZodType<Value>): Value {
	const checked = schema.safeParse(payload[name]);
	if (checked.success) return checked.data;
	throw new Problem("invalid_token", `The token's \`${name}\` ${firstMessage(checked.error)}.`);
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
