import { z } from "zod";

/** What a publish may carry besides its body. The messages are whole sentences. */

export const subjectPath = z.object({
	sub: z
		.string()
		.min(1)
		.meta({ description: "A user's subject, percent-encoded.", examples: ["auth0|1"] }),
});

export const idempotencyKeySchema = z
	.string()
	.regex(/^[\x21-\x7e]{1,128}$/, "An Idempotency-Key has 1 to 128 visible ASCII characters.")
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
