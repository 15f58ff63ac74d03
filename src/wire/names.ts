import { z } from "zod";

/**
 * Schemas for channel names, for channel patterns (a name, a prefix such as `chat:*`, or `*`), and for the subjects that
 * identify users.
 */

/** How the names of personal channels begin. */
export const PERSONAL_PREFIX = "user:";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._:@~-]{0,127}$/;
const PATTERN = /^(?:[A-Za-z0-9][A-Za-z0-9._:@~-]{0,127}\*?|\*)$/;

export const channelSchema = z
	.string("A channel name must be a string.")
	.regex(NAME, {
		error: ({ input }) =>
			`${JSON.stringify(String(input).slice(0, 128))} is not a valid channel name. Use 1 to 128 characters of A-Z a-z 0-9 . _ : @ ~ -, starting with a letter or digit.`,
	})
	.meta({ description: "A channel name.", examples: ["orders"] });

export const patternSchema = z
	.string()
	.regex(PATTERN, "must be a channel name or a prefix such as `chat:*`")
	.meta({ description: "A channel name, a prefix that ends in `*`, or `*` alone.", examples: ["chat:*"] });

/**
 * The recipient of an event: a subject, or `*` for everyone. Must be well-formed, since UTF-8 encodes all lone surrogates
 * alike: subjects that differ only in these would share a personal channel.
 */
export const recipientSchema = z
	.string("must be a string")
	.min(1, "must not be empty")
	.refine((subject) => subject.isWellFormed(), "must be well-formed Unicode, without lone surrogates");

/** The subject of a user. */
export const subjectSchema = recipientSchema
	.refine((subject) => subject !== "*", "must not be `*`, which means everyone")
	.meta({ not: { type: "string", const: "*" } });

/**
 * Whether a string is a valid channel pattern.
 *
 * @example
 * isChannelPattern("chat:*"); // true
 * isChannelPattern("*:chat"); // false
 */
export function isChannelPattern(text: string): boolean {
	return PATTERN.test(text);
}

/**
 * Whether a pattern matches a channel, or every channel that another pattern matches.
 *
 * @example
 * coversPattern("chat:*", "chat:7"); // true
 * coversPattern("chat:*", "chat:7:*"); // true
 * coversPattern("chat:*", "*"); // false
 */
export function coversPattern(pattern: string, wanted: string): boolean {
	if (!pattern.endsWith("*")) return pattern === wanted;
	const prefix = wanted.endsWith("*") ? wanted.slice(0, -1) : wanted;
	return prefix.startsWith(pattern.slice(0, -1));
}
