/** What verifying costs: a token or a ticket is verified with jose, and answered at once. */
import { DurableObject } from "cloudflare:workers";
import { createRemoteJWKSet, type JWTVerifyGetKey, jwtDecrypt, jwtVerify } from "jose";

interface Env {
	JWKS_URL: string;
	JWT_ISSUER: string;
	JWT_AUDIENCE: string;
	TICKET_SECRET: string;
}

let keys: JWTVerifyGetKey | undefined;

export default {
	async fetch(request, env) {
		const ticket = new URL(request.url).searchParams.get("ticket");
		if (ticket === null) await verifyToken(request.headers.get("Authorization")?.slice("Bearer ".length) ?? "", env);
		else await jwtDecrypt(ticket, await ticketKey(env.TICKET_SECRET));
		return new Response(":\n\n");
	},
} satisfies ExportedHandler<Env>;

async function verifyToken(token: string, { JWKS_URL, JWT_ISSUER, JWT_AUDIENCE }: Env): Promise<void> {
	keys ??= createRemoteJWKSet(new URL(JWKS_URL));
	await jwtVerify(token, keys, { issuer: JWT_ISSUER, audience: JWT_AUDIENCE });
}

async function ticketKey(secret: string): Promise<Uint8Array> {
	return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret)));
}

/** Not used: the configuration names it. */
export class Channel extends DurableObject {}
