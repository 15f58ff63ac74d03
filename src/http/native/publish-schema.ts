import { z } from "zod";
import { subjectSchema } from "../../wire/names.ts";

/** What a publish may carry besides its body. The messages are whole sentences. */

export const subjectPath = z.object({
	sub: subjectSchema.meta({ description: "A user's subject, percent-encoded.", examples: ["auth0|1"] }),
});

const KEY_HELP = "An Idempotency-Key has 1 to 128 visible ASCII characters.";
const HEAD_HELP = "`ifHead` must be one id, the channel's head, as a text.";
const CONDITIONS_HELP = "The conditions must be an object with `idempotencyKey`, `ifHead` or both, and nothing else.";

/** The type is checked with its event. */
export const publishQuerySchema = z.object({ type: z.string("must be given once").optional() });

export const idempotencyKeySchema = z
	.string(KEY_HELP)
	.regex(/^[\x21-\x7e]{1,128}$/, KEY_HELP)
	.meta({
		description:
			"A second publish to the channel with the same key within 5 minutes stores nothing, and gets the same answer.",
	});

export const ifMatchSchema = z
	.string()
	.regex(/^"\d{1,16}"$/, 'If-Match must be one id in quotes, the channel\'s head: `If-Match: "1795223089000001"`.')
	.transform((quoted) => quoted.slice(1, -1))
	.meta({ description: "One id in double quotes. The publish goes through only while that is the channel's head." });

export const publishHeaders = z.object({
	"Idempotency-Key": idempotencyKeySchema.optional(),
	"If-Match": ifMatchSchema.optional(),
});

export const publishConditionsSchema = z.strictObject(
	{
		idempotencyKey: idempotencyKeySchema.optional(),
		ifHead: z
			.string(HEAD_HELP)
			.regex(/^\d{1,16}$/, HEAD_HELP)
			.optional(),
	},
	CONDITIONS_HELP,
);

/**
 * Under which conditions a publish goes through.
 *
 * - `idempotencyKey`: repeats with the same key store nothing for 5 minutes; 1 to 128 visible ASCII characters.
 * - `ifHead`: the id that must be the channel's head.
 */
export type PublishConditions = z.input<typeof publishConditionsSchema>;
