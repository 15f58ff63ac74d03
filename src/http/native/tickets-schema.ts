import { z } from "zod";
import { holdsRounded, ROUNDED_HELP } from "../../wire/claims.ts";
import { patternSchema, subjectSchema } from "../../wire/names.ts";

const seconds = (max: number) => {
	const problem = `must be a whole number of seconds from 1 to ${max}`;
	return z.int(problem).min(1, problem).max(max, problem);
};

const channelList = z
	.array(patternSchema, "must be an array of channels")
	.min(1, "must name at least one channel")
	.max(128, "must name at most 128 channels");

const lifetimes = {
	expiresIn: seconds(3600).default(300).meta({ description: "For how many seconds the ticket opens streams." }),
	streamFor: seconds(86_400).optional().meta({
		description:
			"For how many seconds a stream that it opened may live. Default: what is left of the token; with a publish key, 3600.",
	}),
	resumable: z
		.boolean("must be true or false")
		.default(false)
		.meta({ description: "Whether it opens streams for requests with a cursor until `streamFor` is over." }),
};

/** The body of a request with a token. */
export const userTicketSchema = z
	.strictObject({
		channels: channelList.optional().meta({ description: "What the token grants, or a part. Default: all of it." }),
		...lifetimes,
	})
	.meta({ id: "UserTicketRequest", description: "With a token.", examples: [{ expiresIn: 300 }] });

/** The body of a request with a publish key. */
export const keyTicketSchema = z
	.strictObject({
		user: subjectSchema
			.max(256, "must have at most 256 characters")
			.meta({ description: "The subject that the ticket is for." }),
		channels: channelList.meta({ description: "Of those that the key may publish to." }),
		claims: z
			.record(
				z.string(),
				z.unknown().refine((claim) => !holdsRounded(claim), ROUNDED_HELP),
			)
			.default({})
			.meta({ description: "What events can be addressed to." }),
		...lifetimes,
	})
	.meta({
		id: "KeyTicketRequest",
		description: "With a publish key.",
		examples: [{ user: "alice", channels: ["orders"] }],
	});

export const issuedTicketSchema = z
	.object({
		ticket: z.string(),
		expiresIn: z.int().meta({ description: "For how many seconds it opens streams." }),
		streamFor: z.int().meta({ description: "For how many seconds each of them may live." }),
	})
	.meta({ id: "Ticket" });
export type IssuedTicket = z.output<typeof issuedTicketSchema>;
