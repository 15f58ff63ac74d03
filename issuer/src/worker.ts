import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { z } from "zod";
import { isAdmin } from "./admin.ts";
import { metadata } from "./metadata.ts";
import { Problem } from "./problem.ts";
import { wrongPassword, wrongUsername } from "./rules.ts";
import { type IssuerEnv, readSettings, type Settings } from "./settings.ts";
import { Throttle } from "./throttle.ts";
import { signingKey, Tokens } from "./tokens.ts";
import { Users } from "./users.ts";

/** A small identity provider for teams that have none. tidings knows it only by its JWKS URL. */

const MAX_BODY_BYTES = 16_384;
const NEVER_STORED = { "Cache-Control": "no-store" };

// What is longer than anybody's is neither counted nor hashed.
const loginSchema = z.object({ username: z.string().max(64), password: z.string().max(256) });
const tokenSchema = z.object({ token: z.string() });
const rotationSchema = z.object({ leaked: z.boolean().default(false) });

const app = new Hono<{ Bindings: IssuerEnv; Variables: { settings: Settings; tokens: Tokens } }>();

app.use(cors({ exposeHeaders: ["Retry-After"] }));
app.use(
	bodyLimit({ maxSize: MAX_BODY_BYTES, onError: () => new Problem("body_too_large", "Send less.").toResponse() }),
);
app.use(async (c, next) => {
	const settings = readSettings(c.env);
	c.set("settings", settings);
	c.set("tokens", new Tokens(c.env, settings));
	await next();
});

app.get("/.well-known/openid-configuration", (c) => c.json(metadata(c.get("settings"))));

app.get("/.well-known/jwks.json", async (c) => {
	const keys = await signingKey(c.env).publicKeys();
	return c.json({ keys }, 200, { "Cache-Control": "public, max-age=300" });
});

app.post("/login", async (c) => {
	const { username, password } = await read(c.req.raw, loginSchema, '{"username": "…", "password": "…"}');
	const throttle = new Throttle(c.env.DB);
	const address = addressOf(c.req.raw);
	await throttle.countLogin(username, address);
	const user = await new Users(c.env.DB).authenticate(username, password);
	if (!user) throw new Problem("invalid_credentials", "The username or the password is wrong.");
	await throttle.forgiveLogin(username, address);
	return c.json(await c.get("tokens").begin(user), 200, NEVER_STORED);
});

app.post("/signup", async (c) => {
	if (c.get("settings").SIGN_UP === "off") return c.notFound();
	const { username, password } = await read(c.req.raw, loginSchema, '{"username": "…", "password": "…"}');
	const wrong = wrongUsername(username) ?? wrongPassword(password);
	if (wrong) throw new Problem("invalid_request", wrong);
	await new Throttle(c.env.DB).countSignUp(addressOf(c.req.raw));
	const user = await new Users(c.env.DB).add(username, password);
	return c.json(await c.get("tokens").begin(user), 201, NEVER_STORED);
});

app.post("/token", async (c) => {
	const { token } = await read(c.req.raw, tokenSchema, '{"token": "…"}');
	const pair = await c.get("tokens").refresh(token);
	if (!pair) throw new Problem("invalid_token", "This refresh token is over, or was used before. Log in again.");
	return c.json(pair, 200, NEVER_STORED);
});

app.post("/logout", async (c) => {
	const { token } = await read(c.req.raw, tokenSchema, '{"token": "…"}');
	await c.get("tokens").end(token);
	return c.body(null, 204);
});

app.post("/keys/rotate", async (c) => {
	const { ADMIN_KEY } = c.get("settings");
	if (!ADMIN_KEY) return c.notFound();
	if (!(await isAdmin(c.req.header("Authorization"), ADMIN_KEY))) {
		throw new Problem("invalid_credentials", "Send the ADMIN_KEY as a Bearer token.");
	}
	const { leaked } = await read(c.req.raw, rotationSchema, '{"leaked": true} or {}');
	const key = signingKey(c.env);
	await (leaked ? key.replaceLeaked() : key.rotate());
	return c.json({ keys: await key.publicKeys() });
});

app.notFound(() => new Problem("not_found", "There is nothing here.").toResponse());

app.onError((error) => {
	if (error instanceof Problem) return error.toResponse();
	console.error(error);
	return new Problem("internal", "Something went wrong here. Try again.").toResponse();
});

async function read<Schema extends z.ZodType>(
	request: Request,
	schema: Schema,
	example: string,
): Promise<z.output<Schema>> {
	const body = schema.safeParse(await request.json().catch(() => undefined));
	if (!body.success) throw new Problem("invalid_request", `Send ${example} as JSON.`);
	return body.data;
}

/** Cloudflare sets the header itself: a client cannot choose it. */
function addressOf(request: Request): string {
	return request.headers.get("CF-Connecting-IP") ?? "unknown";
}

export { SigningKey } from "./signing-key.ts";
export default app;
