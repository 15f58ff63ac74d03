import { Hono } from "hono";
import { cors } from "hono/cors";
import { z } from "zod";
import type { SigningKey } from "./signing-key.ts";
import { findUser } from "./users.ts";

/**
 * A small identity provider, so that everything runs on one machine: it stands where a team's real one would.
 * tidings knows it only by its JWKS URL.
 */

interface IssuerEnv {
	ISSUER: string;
	AUDIENCE: string;
	USERS?: string;
	/** How long a token lives. Default: an hour. */
	ACCESS_TOKEN_SECONDS?: string | number;
	SIGNING_KEY: DurableObjectNamespace<SigningKey>;
}

const loginSchema = z.object({ username: z.string(), password: z.string() });

const app = new Hono<{ Bindings: IssuerEnv }>();

app.use(cors());

app.get("/.well-known/jwks.json", async (c) => {
	const key = await signingKey(c.env).publicKey();
	return c.json({ keys: [key] }, 200, { "Cache-Control": "public, max-age=300" });
});

app.post("/login", async (c) => {
	const login = loginSchema.safeParse(await c.req.json().catch(() => undefined));
	if (!login.success) {
		return c.json({ code: "invalid_request", detail: 'Send {"username": "…", "password": "…"} as JSON.' }, 400);
	}
	const user = await findUser(c.env.USERS, login.data.username, login.data.password);
	if (!user) return c.json({ code: "invalid_credentials", detail: "The username or the password is wrong." }, 401);
	const now = Math.floor(Date.now() / 1000);
	const lifetime = Number(c.env.ACCESS_TOKEN_SECONDS ?? 3600);
	const accessToken = await signingKey(c.env).sign({
		iss: c.env.ISSUER,
		aud: c.env.AUDIENCE,
		sub: user.username,
		iat: now,
		exp: now + lifetime,
		jti: crypto.randomUUID(),
		channels: user.channels,
	});
	const body = { accessToken, tokenType: "Bearer", accessTokenExpiresIn: lifetime };
	return c.json(body, 200, { "Cache-Control": "no-store" });
});

function signingKey(env: IssuerEnv): DurableObjectStub<SigningKey> {
	return env.SIGNING_KEY.getByName("issuer");
}

export { SigningKey } from "./signing-key.ts";
export default app;
