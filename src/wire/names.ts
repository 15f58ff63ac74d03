import { z } from "zod";

/**
 * The names of channels, the patterns that stand for many of them (a name, a prefix such as `chat:*`, or `*`), and the
 * subjects of users.
 */

const NAME = /^[A-Za-z0-9][A-Za-z0-9._:@~-]{0,127}$/;
const PATTERN = /^(?:[A-Za-z0-9][A-Za-z0-9._:@~-]{0,127}\*?|\*)$/;

export const channelSchema = z
	.string("A channel's name must be a text.")
	.regex(NAME, {
		error: ({ input }) =>
			`${JSON.stringify(String(input).slice(0, 128))} can be no channel: a name has 1 to 128 characters of A-Z a-z 0-9 . _ : @ ~ - and starts with a letter or digit.`,
	})
	.meta({ description: "A channel's name.", examples: ["orders"] });

export const patternSchema = z
	.string()
	.regex(PATTERN, "must be a channel name or a prefix such as `chat:*`")
	.meta({ description: "A channel's name, a prefix that ends in `*`, or `*` alone.", examples: ["chat:*"] });

/**
 * Whom an event is for: a subject, or `*` for everyone. Lone surrogates have no UTF-8: subjects that differ in them alone
 * would share a personal channel.
 */
export const recipientSchema = z
	.string("must be a text")
	.min(1, "must not be empty")
	.refine((text) => text.isWellFormed(), "must be well-formed Unicode, without lone surrogates");

/** Who a user is. */
export const subjectSchema = recipientSchema
	.refine((text) => text !== "*", "must not be `*`, which means everyone")
	.meta({ not: { type: "string", const: "*" } });

/**
 * Whether a text is a channel pattern.
 *
 * @example
 * isChannelPattern("chat:*"); // true
 * isChannelPattern("*:chat"); // false
 */
export function isChannelPattern(text: string): boolean {
	return PATTERN.test(text);
}
