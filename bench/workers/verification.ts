/** Verifies a token or a ticket with jose, and does nothing else. */
import { createRemoteJWKSet, type JWTVerifyGetKey, jwtDecrypt, jwtVerify } from "jose";
import { ticketKey } from "../../src/auth/tickets.ts";

export interface VerificationEnv {
	JWKS_URL: string;
	JWT_ISSUER: string;
	JWT_AUDIENCE: string;
	TICKET_SECRET: string;
}

let keys: JWTVerifyGetKey | undefined;

export async function verify(request: Request, env: VerificationEnv): Promise<void> {
	const ticket = new URL(request.url).searchParams.get("ticket");
	if (ticket === null) await verifyToken(request.headers.get("Authorization")?.slice("Bearer ".length) ?? "", env);
	else await jwtDecrypt(ticket, await ticketKey(env.TICKET_SECRET, env.JWT_ISSUER));
}

async function verifyToken(token: string, { JWKS_URL, JWT_ISSUER, JWT_AUDIENCE }: VerificationEnv): Promise<void> {
	keys ??= createRemoteJWKSet(new URL(JWKS_URL));
	await jwtVerify(token, keys, { issuer: JWT_ISSUER, audience: JWT_AUDIENCE });
}
