import { z } from "zod";
import { Problem } from "../../errors.ts";
import { check } from "../check.ts";
import { hasOneStart, ONE_START, rewindSchema, sinceSchema, typesSchema } from "../subscribe-schema.ts";

/** The messages that a client may send over a WebSocket. */

const MAX_MESSAGE_CHARACTERS = 32_768;

const authSchema = z
	.strictObject({
		type: z.literal("auth"),
		token: z.string().optional(),
		ticket: z.string().optional(),
		channels: z.array(z.string(), "must be an array of channels").default([]),
		inbox: z.boolean("must be true or false").default(false),
		types: typesSchema.default([]),
		presence: z.boolean("must be true or false").default(false),
		cursor: z
			.string("must be a cursor")
			.optional()
			.transform((cursor) => cursor || undefined),
		rewind: rewindSchema(),
		since: sinceSchema(),
	})
	.refine(hasOneStart, ONE_START);

const pingSchema = z.strictObject({ type: z.literal("ping") });
const messageSchema = z.discriminatedUnion("type", [authSchema, pingSchema], "must be `auth` or `ping`");

export type Auth = z.output<typeof authSchema>;

/**
 * Checks the size and the type of a message before it waits in memory.
 *
 * @throws Problem `invalid_request` or `payload_too_large`.
 */
export function messageText(data: string | ArrayBuffer): string {
	if (typeof data !== "string") throw new Problem("invalid_request", "The message is binary. Send JSON as text.");
	if (data.length <= MAX_MESSAGE_CHARACTERS) return data;
	throw new Problem(
		"payload_too_large",
		`The message has more than ${MAX_MESSAGE_CHARACTERS} characters. Send a smaller one.`,
	);
}

/**
 * Parses a message.
 *
 * @throws Problem `invalid_request`, naming the field.
 */
export function parseMessage(text: string): z.output<typeof messageSchema> {
	let message: unknown;
	try {
		message = JSON.parse(text);
	} catch (cause) {
		throw new Problem("invalid_request", "The message is not JSON. Send an `auth` or `ping` message as JSON.", {
			cause,
		});
	}
	return check(messageSchema, message, "invalid_request", "The message");
}
