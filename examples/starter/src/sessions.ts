import { env } from "cloudflare:workers";
import { sign, verify } from "hono/jwt";
import type { AuthenticatedUser } from "tidings";

const HOUR_SECONDS = 3600;

/** A session for a guest with a random name, which nobody else can take. Put your own login in its place. */
export async function newSession(): Promise<{ user: string; token: string }> {
	const now = Math.floor(Date.now() / 1000);
	const user = `guest-${crypto.randomUUID()}`;
	const token = await sign({ sub: user, iat: now, exp: now + HOUR_SECONDS }, env.SESSION_SECRET, "HS256");
	return { user, token };
}

/** Returns the user of a session, and what they may read besides `public:*` and their own channel; `null` if it is invalid. */
export async function readSession(token: string): Promise<AuthenticatedUser | null> {
	const session = await verify(token, env.SESSION_SECRET, "HS256").catch(() => null);
	if (!session) return null;
	const { sub, exp, iat } = session;
	return { sub: String(sub), expires: Number(exp), issuedAt: Number(iat), channels: ["room:*"] };
}
