import { z } from "zod";
import { check } from "../check.ts";
import { Problem } from "../errors.ts";
import { hasOneStart, ONE_START, rewindSchema, sinceSchema, typesSchema } from "./subscribe-schema.ts";

/** The messages that a client may send over a WebSocket. */

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
export type ClientMessage = z.output<typeof messageSchema>;

/**
 * Parses a client's message.
 *
 * @throws Problem `invalid_request`, naming the field.
 *
 * @example
 * parseMessage('{"type":"ping"}'); // { type: "ping" }
 */
export function parseMessage(text: string): ClientMessage {
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
