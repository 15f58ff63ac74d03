import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { z } from "zod";
import { isAdmin } from "./admin.ts";
import { readBody } from "./body.ts";
import type { IssuerEnv } from "./env.ts";
import { publicKeys, readPublicKeys } from "./key-set.ts";
import { metadata } from "./metadata.ts";
import { passwordHasher } from "./password-hasher.ts";
import { Problem } from "./problem.ts";
import { wrongPassword, wrongUsername } from "./rules.ts";
import { readSettings, type Settings } from "./settings.ts";
import { KEY_SET_SECONDS, signingKey } from "./signing-key.ts";
import { Throttle } from "./throttle.ts";
import { Tokens } from "./tokens.ts";
import { Users } from "./users.ts";

/** A small identity provider for teams without one. tidings knows it only by its JWKS URL. */

const MAX_BODY_BYTES = 16_384;

/** A text of limited length. Half a surrogate pair is refused: as UTF-8 it would become another text. */
const text = (maxCharacters: number) =>
	z
		.string()
		.max(maxCharacters)
		.refine((value) => value.isWellFormed());
// Anything longer than a user can have is refused before it is counted or hashed.
const loginSchema = z.object({ username: text(64), password: text(256) });
const LOGIN_EXAMPLE = '{"username": "…", "password": "…"}';
const tokenSchema = z.object({ token: text(128) });
const TOKEN_EXAMPLE = '{"token": "…"}';
const rotationSchema = z.object({ leaked: z.boolean().default(false) });

const app = new Hono<{ Bindings: IssuerEnv; Variables: { settings: Settings; tokens: Tokens; users: Users } }>();

app.use(cors({ exposeHeaders: ["Retry-After"] }));
app.use(async (c, next) => {
	await next();
	c.header("X-Content-Type-Options", "nosniff");
	if (!c.res.headers.has("Cache-Control")) c.header("Cache-Control", "no-store");
});
app.use(
	bodyLimit({
		maxSize: MAX_BODY_BYTES,
		onError: () => new Problem("body_too_large", `Send at most ${MAX_BODY_BYTES} bytes.`).toResponse(),
	}),
);
app.use(async (c, next) => {
	const settings = readSettings(c.env);
	c.set("settings", settings);
	c.set("tokens", new Tokens(c.env, settings));
	c.set("users", new Users(c.env.DB, passwordHasher(c.env.PASSWORD_HASHER)));
	await next();
});

app.get("/.well-known/openid-configuration", (c) => c.json(metadata(c.get("settings"))));

app.get("/.well-known/jwks.json", async (c) => {
	const keys = await publicKeys(c.env.SIGNING_KEY);
	return c.json({ keys }, 200, { "Cache-Control": `public, max-age=${KEY_SET_SECONDS}` });
});

app.post("/login", async (c) => {
	const { username, password } = await readBody(c.req.raw, loginSchema, LOGIN_EXAMPLE);
	const throttle = new Throttle(c.env.DB);
	const address = addressOf(c.req.raw);
	await throttle.countLogin(username, address);
	const user = await c
		.get("users")
		.authenticate(username, password)
		.catch(async (error: unknown) => {
			await throttle.uncountLogin(username, address);
			throw error;
		});
	if (!user) throw new Problem("invalid_credentials", "The username or the password is wrong.");
	await throttle.forgiveLogin(username, address);
	return c.json(await c.get("tokens").begin(user));
});

app.post("/signup", async (c) => {
	if (c.get("settings").SIGN_UP === "off") return c.notFound();
	const { username, password } = await readBody(c.req.raw, loginSchema, LOGIN_EXAMPLE);
	const wrong = wrongUsername(username) ?? wrongPassword(password);
	if (wrong) throw new Problem("invalid_request", wrong);
	await new Throttle(c.env.DB).countSignUp(addressOf(c.req.raw));
	const user = await c.get("users").add(username, password);
	return c.json(await c.get("tokens").begin(user), 201);
});

app.post("/token", async (c) => {
	const { token } = await readBody(c.req.raw, tokenSchema, TOKEN_EXAMPLE);
	const pair = await c.get("tokens").refresh(token);
	if (!pair) throw new Problem("invalid_token", "This refresh token has expired or was used before. Log in again.");
	return c.json(pair);
});

app.post("/logout", async (c) => {
	const { token } = await readBody(c.req.raw, tokenSchema, TOKEN_EXAMPLE);
	await c.get("tokens").end(token);
	return c.body(null, 204);
});

app.post("/keys/rotate", async (c) => {
	const { ADMIN_KEY } = c.get("settings");
	if (!ADMIN_KEY) return c.notFound();
	if (!(await isAdmin(c.req.header("Authorization"), ADMIN_KEY))) {
		throw new Problem("invalid_credentials", "Send the ADMIN_KEY as a Bearer token.");
	}
	const { leaked } = await readBody(c.req.raw, rotationSchema, '{"leaked": true} or {}');
	const key = signingKey(c.env.SIGNING_KEY);
	await (leaked ? key.replaceLeaked() : key.rotate());
	return c.json({ keys: await readPublicKeys(c.env.SIGNING_KEY) });
});

app.notFound(() => new Problem("not_found", "There is no such route.").toResponse());

app.onError((error) => {
	if (error instanceof Problem) return error.toResponse();
	console.error(error);
	return new Problem("internal", "The issuer failed. Try again.").toResponse();
});

/** The client's address. Cloudflare sets this header itself, so clients cannot forge it. */
function addressOf(request: Request): string {
	return request.headers.get("CF-Connecting-IP") ?? "unknown";
}

export { PasswordHasher } from "./password-hasher.ts";
export { SigningKey } from "./signing-key.ts";
export default app;
