import { z } from "zod";
import { Problem } from "./errors.ts";
import { isLocalHost } from "./local.ts";
import { originsSchema } from "./origins.ts";
import { whole } from "./whole.ts";
import { isChannelPattern } from "./wire/names.ts";
import { MAX_RETRY_MILLISECONDS } from "./wire/retry.ts";

const DAY_SECONDS = 86_400;
/** Asymmetric signatures only: with `HS*`, whoever can verify a token could also make one. */
const ALGORITHMS = [
	"RS256",
	"RS384",
	"RS512",
	"PS256",
	"PS384",
	"PS512",
	"ES256",
	"ES384",
	"ES512",
	"EdDSA",
	"Ed25519",
] as const;

/** The place of the subject in a pattern, and every user's personal channel. */
const SUBJECT = "{sub}";
const PERSONAL = "user:{sub}";

const text = z.string().trim().min(1, "is empty");
const list = text.transform((value) => value.split(/[\s,]+/).filter((item) => item !== ""));

const keysUrl = text.refine((value) => {
	const url = URL.parse(value);
	return url?.protocol === "https:" || (url?.protocol === "http:" && isLocalHost(url.hostname));
}, "must be an https URL (http only on localhost)");

/** One value where somebody might think of a list: several could never match. */
const single = text.refine((value) => !/[\s,]/.test(value), "must be one value, without spaces or commas");

const audiences = list.refine((items) => items.length > 0, "must list at least one audience");

const patterns = list
	.refine(
		(items) => items.every((item) => isChannelPattern(item.replaceAll("{sub}", "x"))),
		"must list channel names or prefixes such as `orders`, `chat:*`, `*`, `user:{sub}`",
	)
	.refine(
		(items) => items.every((item) => !(item.includes(SUBJECT) && item.endsWith("*"))),
		"must not have `{sub}` and `*` in one pattern: of `room:{sub}:*`, alice would get what belongs to the subject `alice:1`",
	)
	.refine(
		(items) => !mayMeet([...new Set([PERSONAL, ...items])].filter((item) => item.includes(SUBJECT))),
		"must keep subjects apart: of `room:{sub}` and `room:{sub}:vip`, alice would get what belongs to the subject `alice:vip`, and `user:` must only come as `user:{sub}`",
	);

/** Whether any two patterns could come to the same channel for two subjects. */
function mayMeet(patterns: string[]): boolean {
	const places = patterns.map((pattern) => ({
		before: pattern.slice(0, pattern.indexOf(SUBJECT)),
		after: pattern.slice(pattern.lastIndexOf(SUBJECT) + SUBJECT.length),
	}));
	return places.some((one, index) =>
		places.slice(index + 1).some((other) => {
			const sameStart = one.before.startsWith(other.before) || other.before.startsWith(one.before);
			const sameEnd = one.after.endsWith(other.after) || other.after.endsWith(one.after);
			return sameStart && sameEnd;
		}),
	);
}

const origins = list.pipe(originsSchema);

const ALGORITHMS_HELP = `must list asymmetric algorithms (${ALGORITHMS.join(" ")}); HS* and none are never accepted`;
const algorithms = list.pipe(z.array(z.enum(ALGORITHMS, ALGORITHMS_HELP)).min(1, ALGORITHMS_HELP));

const types = list.refine(
	(items) => items.length > 0 && items.every((item) => /^[\w!#$&^.+/-]+$/.test(item)),
	"must list types of tokens such as `at+jwt`",
);

/** A publish key and the channel patterns it may publish to. */
export interface PublishKey {
	key: string;
	patterns: string[];
}

const PUBLISH_KEY_HELP =
	"must hold entries separated by white space, each a key of 32 or more characters of A-Z a-z 0-9 _ -, optionally followed by = and comma-separated channel patterns";

const publishKeys = text.transform((value, context): PublishKey[] => {
	const keys = value.split(/\s+/).map((entry) => {
		const [, key, patterns] = /^([A-Za-z0-9_-]{32,})(?:=(.+))?$/.exec(entry) ?? [];
		return { key: key ?? "", patterns: patterns?.split(",") ?? ["*"] };
	});
	if (keys.some(({ key, patterns }) => key === "" || !patterns.every(isChannelPattern))) {
		context.addIssue({ code: "custom", message: PUBLISH_KEY_HELP });
	}
	return keys;
});

const TICKET_SECRET_HELP =
	"must have 32 or more characters. It may hold two secrets, separated by white space, each as long";
const secret = z.string().min(32, TICKET_SECRET_HELP);
const ticketSecrets = text
	.transform((value) => value.split(/\s+/))
	.pipe(z.union([z.tuple([secret]), z.tuple([secret, secret])], TICKET_SECRET_HELP));

/** Where subscribers' tokens come from. Not asked for where an `authenticate` hook takes over. */
const tokenSettings = {
	JWKS_URL: keysUrl.describe("Where the identity provider's public keys are."),
	JWT_ISSUER: single.describe("The exact `iss` of its tokens."),
	JWT_AUDIENCE: audiences.describe("The audiences of which the `aud` of its tokens is one, or holds one."),
};

const ISSUER_SETTINGS = Object.keys(tokenSettings) as (keyof typeof tokenSettings)[];

const settings = {
	JWT_ALGORITHMS: algorithms.prefault("RS256 ES256").describe("The algorithms that tokens may be signed with."),
	JWT_TYPES: types
		.optional()
		.describe(
			"The only types (`typ`) that tokens may have, such as `at+jwt`. Default: any, but those of other tokens than access tokens.",
		),
	CHANNELS_CLAIM: single.prefault("channels").describe("The claim of a token that lists the channels it grants."),
	DEFAULT_CHANNELS: patterns
		.prefault("user:{sub} public:*")
		.describe("The patterns that every token grants; `{sub}` becomes its subject."),
	CONSOLE: z
		.enum(["on", "off"], "must be `on` or `off`")
		.prefault("off")
		.describe("Whether a page to watch channels and to publish is at `/`."),
	CORS_ORIGINS: origins.optional().describe("The origins that may call the service from a browser, or `*`."),
	DELIVERY: z
		.enum(["direct", "hibernate"], "must be `direct` or `hibernate`")
		.prefault("direct")
		.describe("Who holds a stream of one channel: its Durable Object, or the Worker."),
	HEARTBEAT_SECONDS: whole(1, 300).prefault(25).describe("How long a stream is silent before a comment is sent."),
	RETRY_MILLISECONDS: whole(0, MAX_RETRY_MILLISECONDS)
		.prefault(2000)
		.describe("How long clients wait before they reconnect, a quarter more or less."),
	REPLAY_EVENTS: whole(1, 10_000).prefault(100).describe("How many events a channel remembers."),
	REPLAY_SECONDS: whole(1, 365 * DAY_SECONDS)
		.prefault(DAY_SECONDS)
		.describe("How long a channel remembers an event."),
	MAX_EVENT_BYTES: whole(1, 1_048_576).prefault(65_536).describe("How large an event may be."),
	MAX_BACKLOG_BYTES: whole(1024, 67_108_864)
		.prefault(1_048_576)
		.describe("How much may wait unread for one stream, shared out among its channels."),
	MAX_SUBSCRIBERS: whole(1, 1_000_000).prefault(20_000).describe("How many streams of one channel may be open."),
	MAX_CONNECTIONS_PER_USER: whole(1, 1_000_000).prefault(20).describe("How many of them may be one user's."),
	MAX_CHANNELS_PER_USER: whole(1, 10_000)
		.prefault(1000)
		.describe("How many different channels a user may open within ten minutes."),
	PUBLISH_KEYS: publishKeys
		.optional()
		.meta({ description: "The publish keys, each with the patterns that it covers.", writeOnly: true }),
	TICKET_SECRET: ticketSecrets.optional().meta({
		description:
			"The secret that seals tickets. Of two, the first seals, and both open. Without it, there are no tickets.",
		writeOnly: true,
	}),
};

const serviceSchema = z.object(settings);
const standardSchema = z.object({ ...tokenSettings, ...settings });

/** The settings as they are described. Secrets are write-only: nothing tells them. */
export const settingsSchema = standardSchema.meta({
	description:
		"The settings of the service, in its Worker's environment. The required ones may be left out together: then it takes tickets only, or what its `authenticate` hook accepts.",
});

/** Every setting, checked and with its default. Names and defaults are the protocol's. */
export type Config = z.output<typeof serviceSchema>;
/** The settings with those that say where subscribers' tokens come from. */
export type TokenConfig = z.output<typeof standardSchema>;

type SettingName = keyof z.input<typeof standardSchema>;
/** The settings as they stand in a Worker's environment. */
export type SettingsEnv = { [Name in SettingName]?: string | number | undefined };

/**
 * Reads the settings of a service whose tokens come from an identity provider.
 *
 * @throws Problem `misconfigured`, naming the first setting that is missing or malformed.
 *
 * @example
 * readTokenConfig(env).HEARTBEAT_SECONDS; // 25
 */
export const readTokenConfig = oncePerEnvironment((env) =>
	read(standardSchema, Object.keys(standardSchema.shape), env),
);

/** Whether the settings name an identity provider, if only in part. */
export function namesIssuer(env: SettingsEnv): boolean {
	return ISSUER_SETTINGS.some((name) => env[name] !== undefined);
}

/** Reads the settings of a service without an identity provider: with an `authenticate` hook, or with tickets only. */
export const readConfig = oncePerEnvironment((env) => read(serviceSchema, Object.keys(serviceSchema.shape), env));

function read<Output>(schema: z.ZodType<Output>, names: string[], env: SettingsEnv): Output {
	const raw = Object.fromEntries(
		Object.entries(env)
			.filter(([name, value]) => names.includes(name) && value !== undefined)
			.map(([name, value]) => [name, String(value)]),
	);
	const result = schema.safeParse(raw);
	if (result.success) return result.data;
	const [issue] = result.error.issues;
	const name = String(issue?.path[0]);
	const problem =
		name in raw ? issue?.message : `is not set. ${ISSUER_SETTINGS.join(", ")} go together: set all or none`;
	throw new Problem(
		"misconfigured",
		`The setting ${name} ${problem}. Correct it in wrangler.toml, or with \`wrangler secret put\`, and deploy again.`,
	);
}

/**
 * The origins that may call the service, by themselves: what is wrong with other settings can then be read on their
 * pages. None where the setting itself is malformed.
 */
export const readOrigins = oncePerEnvironment(({ CORS_ORIGINS = "" }): readonly string[] => {
	const checked = origins.safeParse(String(CORS_ORIGINS));
	return checked.success ? checked.data : [];
});

/** Settings do not change while an isolate lives: check them once. */
function oncePerEnvironment<Output>(read: (env: SettingsEnv) => Output): (env: SettingsEnv) => Output {
	const known = new WeakMap<SettingsEnv, Output>();
	return (env) => {
		const config = known.get(env) ?? read(env);
		known.set(env, config);
		return config;
	};
}
