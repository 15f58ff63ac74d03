import { z } from "zod";
import { Problem } from "./errors.ts";
import { isLocalHost } from "./local.ts";
import { originsSchema } from "./origins.ts";
import { whole } from "./whole.ts";
import { type ChannelRule, channelRuleListSchema, describeRuleProblem, ruleFields } from "./wire/channel-rules.ts";
import { isChannelPattern } from "./wire/names.ts";
import { MAX_RETRY_MILLISECONDS } from "./wire/retry.ts";

const DAY_SECONDS = 86_400;
/** Asymmetric algorithms only: with `HS*`, whoever can verify a token can also forge one. */
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

/** The placeholder for the subject in a pattern, and the pattern of personal channels. */
const SUBJECT = "{sub}";
const PERSONAL_PATTERN = "user:{sub}";

const nonEmpty = z.string().trim().min(1, "is empty");
const list = nonEmpty.transform((value) => value.split(/[\s,]+/).filter((item) => item !== ""));

const keysUrl = nonEmpty.refine((value) => {
	const url = URL.parse(value);
	return url?.protocol === "https:" || (url?.protocol === "http:" && isLocalHost(url.hostname));
}, "must be an https URL (http only on localhost)");

/** For settings that look like lists, but hold one value. Several values could never match. */
const single = nonEmpty.refine((value) => !/[\s,]/.test(value), "must be one value, without spaces or commas");

const audiences = list.refine((items) => items.length > 0, "must list at least one audience");

const patterns = list
	.refine(
		(items) => items.every((item) => isChannelPattern(item.replaceAll("{sub}", "x"))),
		"must list channel names or prefixes, such as `orders`, `chat:*`, `*` or `user:{sub}`",
	)
	.refine(
		(items) => items.every((item) => !(item.includes(SUBJECT) && item.endsWith("*"))),
		"must not combine `{sub}` and `*` in one pattern: `room:{sub}:*` would also grant alice the channels of the subject `alice:1`",
	)
	.refine(
		(items) => !mayCollide([...new Set([PERSONAL_PATTERN, ...items])].filter((item) => item.includes(SUBJECT))),
		"must keep subjects apart: `room:{sub}` and `room:{sub}:vip` together would also grant alice a channel of the subject `alice:vip`, and `user:` is only allowed in `user:{sub}`",
	);

/** Whether any two patterns can expand to the same channel for different subjects. */
function mayCollide(patterns: string[]): boolean {
	const affixes = patterns.map((pattern) => ({
		prefix: pattern.slice(0, pattern.indexOf(SUBJECT)),
		suffix: pattern.slice(pattern.lastIndexOf(SUBJECT) + SUBJECT.length),
	}));
	return affixes.some((one, index) =>
		affixes.slice(index + 1).some((other) => {
			const samePrefix = one.prefix.startsWith(other.prefix) || other.prefix.startsWith(one.prefix);
			const sameSuffix = one.suffix.endsWith(other.suffix) || other.suffix.endsWith(one.suffix);
			return samePrefix && sameSuffix;
		}),
	);
}

const origins = list.pipe(originsSchema);

const ALGORITHMS_HELP = `must list asymmetric algorithms (${ALGORITHMS.join(" ")}); HS* and none are never accepted`;
const algorithms = list.pipe(z.array(z.enum(ALGORITHMS, ALGORITHMS_HELP)).min(1, ALGORITHMS_HELP));

const types = list.refine(
	(items) => items.length > 0 && items.every((item) => /^[\w!#$&^.+/-]+$/.test(item)),
	"must list token types, such as `at+jwt`",
);

/** A publish key and the channel patterns it may publish to. */
export interface PublishKey {
	key: string;
	patterns: string[];
}

const PUBLISH_KEY_HELP =
	"must list keys separated by white space, each of 32 or more characters of A-Z a-z 0-9 _ -, optionally followed by = and comma-separated channel patterns";

const publishKeys = nonEmpty.transform((value, context): PublishKey[] => {
	const keys = value.split(/\s+/).map(parsePublishKey);
	if (keys.every((key) => key !== undefined)) return keys;
	context.addIssue({ code: "custom", message: PUBLISH_KEY_HELP });
	return z.NEVER;
});

function parsePublishKey(entry: string): PublishKey | undefined {
	const [, key, list] = /^([A-Za-z0-9_-]{32,})(?:=(.+))?$/.exec(entry) ?? [];
	const patterns = list?.split(",") ?? ["*"];
	return key !== undefined && patterns.every(isChannelPattern) ? { key, patterns } : undefined;
}

const TICKET_SECRET_HELP =
	"must have 32 or more characters. To rotate it, list two secrets of that length, separated by white space";
const secret = z.string().min(32, TICKET_SECRET_HELP);
const ticketSecrets = nonEmpty
	.transform((value) => value.split(/\s+/))
	.pipe(z.union([z.tuple([secret]), z.tuple([secret, secret])], TICKET_SECRET_HELP));

/** The identity provider that issues users' tokens. Not needed with an `authenticate` hook. */
const tokenSettings = {
	JWKS_URL: keysUrl.describe("The URL of the identity provider's public keys (JSON Web Key Set)."),
	JWT_ISSUER: single.describe("The exact `iss` claim of its tokens."),
	JWT_AUDIENCE: audiences.describe(
		"The accepted audiences. The `aud` claim of its tokens must be or contain one of them.",
	),
};

const ISSUER_SETTINGS = Object.keys(tokenSettings) as (keyof typeof tokenSettings)[];

const settings = {
	JWT_ALGORITHMS: algorithms.prefault("RS256 ES256").describe("The accepted signature algorithms of tokens."),
	JWT_TYPES: types
		.optional()
		.describe(
			"The accepted types (`typ`) of tokens, such as `at+jwt`. Default: any type except those of tokens that are not access tokens.",
		),
	CHANNELS_CLAIM: single.prefault("channels").describe("The token claim that lists the granted channels."),
	DEFAULT_CHANNELS: patterns
		.prefault("user:{sub} public:*")
		.describe("The channel patterns that every token grants. `{sub}` is replaced with its subject."),
	CONSOLE: z
		.enum(["on", "off"], "must be `on` or `off`")
		.prefault("off")
		.describe("Whether `/` serves the console, a page to watch channels and to publish."),
	CORS_ORIGINS: origins.optional().describe("The origins whose pages may call the service, or `*`. Default: none."),
	DELIVERY: ruleFields.delivery
		.prefault("direct")
		.describe("What holds a stream of one channel: its Durable Object (`direct`), or the Worker (`hibernate`)."),
	HEARTBEAT_SECONDS: whole(1, 300)
		.prefault(25)
		.describe("How long a stream is idle before it sends a heartbeat, in seconds."),
	RETRY_MILLISECONDS: whole(0, MAX_RETRY_MILLISECONDS)
		.prefault(2000)
		.describe(
			"How long clients wait before they reconnect, in milliseconds. Spread by up to a quarter to either side.",
		),
	REPLAY_EVENTS: ruleFields.replayEvents
		.prefault(100)
		.describe("The number of events that a channel retains for replay."),
	REPLAY_SECONDS: ruleFields.replaySeconds
		.prefault(DAY_SECONDS)
		.describe("How long a channel retains an event for replay, in seconds."),
	MAX_EVENT_BYTES: ruleFields.maxEventBytes.prefault(65_536).describe("The maximum size of an event, in bytes."),
	MAX_BACKLOG_BYTES: whole(1024, 67_108_864)
		.prefault(1_048_576)
		.describe("The maximum backlog of a slow stream, in bytes, divided among its channels."),
	MAX_SUBSCRIBERS: ruleFields.maxSubscribers
		.prefault(1_000_000)
		.describe("The maximum number of open streams of one channel."),
	CROWD_SIZE: ruleFields.crowdSize
		.prefault(1000)
		.describe("How many open streams of a channel one object holds. Those beyond it are held by relays."),
	MAX_CONNECTIONS_PER_USER: ruleFields.maxConnectionsPerUser
		.prefault(20)
		.describe("The maximum number of open streams of one user in one channel."),
	MAX_CHANNELS_PER_USER: whole(1, 10_000)
		.prefault(1000)
		.describe("The maximum number of different channels that a user may open within ten minutes."),
	CHANNEL_RULES: channelRuleListSchema
		.optional()
		.describe(
			"Rules for channels, as JSON or as a list: the first whose `match` covers a channel counts, over the other settings. Default: none.",
		),
	PUBLISH_KEYS: publishKeys
		.optional()
		.meta({ description: "The publish keys, each with the channel patterns that it may publish to.", writeOnly: true }),
	TICKET_SECRET: ticketSecrets.optional().meta({
		description:
			"The secret that tickets are encrypted with. Of two secrets, the first encrypts, and both decrypt. Without it, there are no tickets.",
		writeOnly: true,
	}),
};

const serviceSchema = z.object(settings);
const standardSchema = z.object({ ...tokenSettings, ...settings });

/** The schema of all settings, for the description of the API. Secrets are write-only. */
export const settingsSchema = standardSchema.meta({
	description:
		"The settings of the service, in its Worker's environment. The required ones may all be omitted: then the service accepts only tickets, or the tokens that its `authenticate` hook accepts.",
});

/** The validated settings, with defaults. Their names and defaults are part of the protocol. */
export type Config = z.output<typeof serviceSchema>;
/** The validated settings of a service with an identity provider. */
export type TokenConfig = z.output<typeof standardSchema>;

type SettingName = keyof z.input<typeof standardSchema>;
/** The settings in a Worker's environment, not validated yet. */
export type SettingsEnv = { [Name in Exclude<SettingName, "CHANNEL_RULES">]?: string | number | undefined } & {
	CHANNEL_RULES?: string | readonly object[] | undefined;
};

/** What the code of a Worker sets. */
export interface ConfigOptions {
	/** Rules for channels. Those of the setting `CHANNEL_RULES` come before them. Default: none. */
	channelRules?: readonly ChannelRule[];
}

/**
 * Reads and validates the settings of a service with an identity provider.
 *
 * @throws Problem `misconfigured`, naming the first setting that is missing or malformed.
 *
 * @example
 * readTokenConfig(env).HEARTBEAT_SECONDS; // 25
 */
export const readTokenConfig = oncePerEnvironment((env, options) =>
	withRules(read(standardSchema, Object.keys(standardSchema.shape), env), options),
);

/** Whether any setting of an identity provider is present. */
export function namesIssuer(env: SettingsEnv): boolean {
	return ISSUER_SETTINGS.some((name) => env[name] !== undefined);
}

/**
 * Reads and validates the settings of a service without an identity provider: with an `authenticate` hook, or with tickets
 * only.
 *
 * @throws Problem `misconfigured`, naming the first setting that is malformed.
 */
export const readConfig = oncePerEnvironment((env, options) =>
	withRules(read(serviceSchema, Object.keys(serviceSchema.shape), env), options),
);

function read<Output>(schema: z.ZodType<Output>, names: string[], env: SettingsEnv): Output {
	const raw = Object.fromEntries(
		Object.entries(env)
			.filter(([name, value]) => names.includes(name) && value !== undefined)
			.map(([name, value]) => [name, name === "CHANNEL_RULES" ? value : String(value)]),
	);
	const result = schema.safeParse(raw);
	if (result.success) return result.data;
	const [issue] = result.error.issues;
	const [name = "", ...place] = issue?.path.map(String) ?? [];
	const message = issue?.message ?? "";
	const malformed = name === "CHANNEL_RULES" ? describeRuleProblem(place, message) : message;
	const problem = name in raw ? malformed : `is not set. ${ISSUER_SETTINGS.join(", ")} go together: set all or none`;
	throw new Problem(
		"misconfigured",
		`The setting ${name} ${problem}. Correct it in wrangler.toml, or with \`wrangler secret put\`, and deploy again.`,
	);
}

/** Adds the rules of the code to those of the settings. */
function withRules<Kind extends Config>(config: Kind, { channelRules }: ConfigOptions): Kind {
	if (!channelRules) return config;
	const checked = channelRuleListSchema.safeParse(channelRules);
	if (checked.success) return { ...config, CHANNEL_RULES: [...(config.CHANNEL_RULES ?? []), ...checked.data] };
	const [issue] = checked.error.issues;
	const problem = describeRuleProblem(issue?.path ?? [], issue?.message ?? "");
	throw new Problem(
		"misconfigured",
		`The option channelRules of createTidings ${problem}. Correct it, and deploy again.`,
	);
}

/**
 * Reads `CORS_ORIGINS` alone, so that pages on these origins can read errors about other settings. Returns no origins when
 * the setting itself is malformed.
 */
export const readOrigins = oncePerEnvironment(({ CORS_ORIGINS }): readonly string[] => {
	if (CORS_ORIGINS === undefined) return [];
	const checked = origins.safeParse(String(CORS_ORIGINS));
	return checked.success ? checked.data : [];
});

const NO_OPTIONS: ConfigOptions = {};

/** Neither settings nor options change during the life of an isolate, so they are validated once. */
function oncePerEnvironment<Output>(
	read: (env: SettingsEnv, options: ConfigOptions) => Output,
): (env: SettingsEnv, options?: ConfigOptions) => Output {
	const cache = new WeakMap<SettingsEnv, { config: Output; channelRules: ConfigOptions["channelRules"] }>();
	return (env, options = NO_OPTIONS) => {
		const { channelRules } = options;
		const cached = cache.get(env);
		if (cached?.channelRules === channelRules && cached) return cached.config;
		const config = read(env, options);
		cache.set(env, { config, channelRules });
		return config;
	};
}
