import { z } from "zod";
import { whole } from "../whole.ts";
import { isChannelPattern } from "./names.ts";

/** Rules: what holds for the channels that a pattern covers, in place of the settings. */

/** Bounds the work that a request can cost, and what every isolate keeps. */
const MAX_RULES = 100;
const YEAR_SECONDS = 365 * 86_400;

const PRESENCE_HELP = "must be `on`, `off` or `count`";

/** What a rule may say of its channels. The settings of the same names are bounded alike. */
export const ruleFields = {
	delivery: z.enum(["direct", "hibernate"], "must be `direct` or `hibernate`"),
	replayEvents: whole(1, 100_000),
	replaySeconds: whole(1, YEAR_SECONDS),
	maxEventBytes: whole(1, 1_048_576),
	maxSubscribers: whole(1, 1_000_000),
	crowdSize: whole(1, 1_000_000),
	maxConnectionsPerUser: whole(1, 1_000_000),
	presence: z.enum(["on", "off", "count"], PRESENCE_HELP),
	anonymous: z.boolean("must be true or false"),
};

const FIELD_NAMES = ["match", ...Object.keys(ruleFields)];

/** What holds for one channel. */
export const channelRulesSchema = z
	.object({
		match: z.string().nullable().meta({ description: "The pattern of the rule that counts; `null` if none does." }),
		...ruleFields,
	})
	.meta({
		id: "Rules",
		description: "What holds for the channel: its rule, and the settings where that says nothing.",
	});

export type ChannelRules = z.output<typeof channelRulesSchema>;

/**
 * A rule for the channels that a pattern covers. What it leaves out is as the settings say.
 *
 * @example
 * const rule: ChannelRule = { match: "status:*", replayEvents: 10, presence: "count", anonymous: true };
 */
export interface ChannelRule {
	/** The channels: a name, a prefix such as `chat:*`, or `*`. */
	match: string;
	/** What holds a stream of one channel. Default: `DELIVERY`. */
	delivery?: "direct" | "hibernate";
	/** How many events a channel remembers, 1 to 100,000. Default: `REPLAY_EVENTS`. */
	replayEvents?: number;
	/** For how many seconds it remembers them, up to a year. Default: `REPLAY_SECONDS`. */
	replaySeconds?: number;
	/** The maximum size of an event, in bytes. Default: `MAX_EVENT_BYTES`. */
	maxEventBytes?: number;
	/** The maximum number of open streams. Default: `MAX_SUBSCRIBERS`. */
	maxSubscribers?: number;
	/** How many open streams one object holds; relays hold those beyond it. Default: `CROWD_SIZE`. */
	crowdSize?: number;
	/** The maximum number of open streams of one user, or of one address of anonymous clients. Default: `MAX_CONNECTIONS_PER_USER`. */
	maxConnectionsPerUser?: number;
	/** Whether subscribers may learn who else is there, or only how many. Default: `on`. */
	presence?: "on" | "off" | "count";
	/** Whether the channels may be read without credentials. Default: no. */
	anonymous?: boolean;
}

const MATCH_HELP = "must be a channel name, a prefix such as `chat:*`, or `*`";

/** The messages follow the number of the rule, and the name of the field if it is about one. */
const ruleSchema = z
	.strictObject(
		{
			match: z
				.string({ error: ({ input }) => (input === undefined ? `is missing: it ${MATCH_HELP}` : MATCH_HELP) })
				.refine(isChannelPattern, MATCH_HELP)
				.meta({ description: "The channels: a name, a prefix that ends in `*`, or `*` alone." }),
			...z.object(ruleFields).partial().shape,
		},
		{
			error: (issue) =>
				issue.code === "unrecognized_keys"
					? `has a field \`${issue.keys[0]}\` that no rule has; these are ${FIELD_NAMES.join(", ")}`
					: 'must be an object, such as {"match":"chat:*","replayEvents":1000}',
		},
	)
	.describe("What holds for the channels that a pattern covers.");

const ruleListSchema = z
	.array(ruleSchema, 'must be a list of rules, such as [{"match":"chat:*","replayEvents":1000}]')
	.max(MAX_RULES, `has more than ${MAX_RULES} rules: use patterns that cover more channels`);

/**
 * The rules of a service, as JSON or as a list, which the `[vars]` of `wrangler.toml` may hold. The first whose `match`
 * covers a channel counts.
 */
export const channelRuleListSchema = z.preprocess((value, context) => {
	if (typeof value !== "string") return value;
	try {
		return JSON.parse(value);
	} catch {
		context.addIssue({ code: "custom", message: 'is not JSON; it must be a list such as [{"match":"chat:*"}]' });
		return z.NEVER;
	}
}, ruleListSchema);

/**
 * Describes what is wrong with rules, as the end of a sentence.
 *
 * @param path where it is: the number of the rule, from 0, and the field.
 *
 * @example
 * describeRuleProblem([2, "replayEvents"], "must be a whole number from 1 to 100000");
 * // "is wrong in rule 3: `replayEvents` must be a whole number from 1 to 100000"
 */
export function describeRuleProblem([index, field]: readonly PropertyKey[], message: string): string {
	if (index === undefined) return message;
	return `is wrong in rule ${Number(index) + 1}: ${field === undefined ? "it" : `\`${String(field)}\``} ${message}`;
}
