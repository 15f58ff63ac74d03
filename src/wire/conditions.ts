import { z } from "zod";
import type { PublishRequest } from "./calls.ts";
import type { NewEvent } from "./event.ts";

/**
 * The conditions of a publish, and whether it ends the channel, however it comes: a request, a message or a service
 * binding. The messages are whole sentences.
 */

const KEY_HELP = "An Idempotency-Key has 1 to 128 visible ASCII characters.";
const HEAD_HELP = "`ifHead` must be the channel's head, one id as a string.";
const END_HELP = "`end` must be true or false.";
const CONDITIONS_HELP =
	"The conditions must be an object. It may have `idempotencyKey`, `ifHead` and `end`, and nothing else.";

export const idempotencyKeySchema = z
	.string(KEY_HELP)
	.regex(/^[\x21-\x7e]{1,128}$/, KEY_HELP)
	.meta({
		description:
			"A second publish to the channel with the same key within 5 minutes stores nothing, and gets the same answer.",
	});

export const publishConditionsSchema = z.strictObject(
	{
		idempotencyKey: idempotencyKeySchema.optional(),
		ifHead: z
			.string(HEAD_HELP)
			.regex(/^\d{1,16}$/, HEAD_HELP)
			.optional(),
		end: z.boolean(END_HELP).optional(),
	},
	CONDITIONS_HELP,
);

/**
 * The conditions of a publish.
 *
 * - `idempotencyKey`: repeats with the same key store nothing for 5 minutes; 1 to 128 visible ASCII characters.
 * - `ifHead`: the id that must be the channel's head.
 * - `end`: whether the channel ends after these events, of which there may then be none. Default: it does not.
 */
export type PublishConditions = z.input<typeof publishConditionsSchema>;

/**
 * What the channel is asked for.
 *
 * @param user the subject of a publisher with a token, whose idempotency keys are their own. Backends share theirs, so that
 * a publish can be repeated with a new publish key.
 */
export async function publishRequest(
	events: NewEvent[],
	{ idempotencyKey, ifHead, end = false }: PublishConditions,
	user: string | undefined,
): Promise<PublishRequest> {
	return {
		events,
		...(idempotencyKey !== undefined && {
			idempotency: { key: ownKey(idempotencyKey, user), digest: await digestOf(end ? { events, end } : events) },
		}),
		...(ifHead !== undefined && { ifHead }),
		...(end && { end }),
	};
}

/**
 * The idempotency key as the channel knows it. It holds no space, so a user's cannot equal a backend's.
 *
 * @param user the subject of a publisher with a token.
 */
export function ownKey(key: string, user: string | undefined): string {
	return user === undefined ? key : `${key} ${user}`;
}

async function digestOf(value: unknown): Promise<string> {
	const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(value)));
	return new Uint8Array(digest).toHex();
}
