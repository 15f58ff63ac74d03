import { z } from "zod";
import type { Publisher } from "../auth/publishers.ts";
import type { Config } from "../config.ts";
import { Problem } from "../errors.ts";
import { countPublish } from "../metrics/tally.ts";
import type { PublishOutcome, PublishRequest } from "../wire/calls.ts";
import { acceptEvents } from "../wire/intake.ts";
import { callChannel } from "./call-channel.ts";
import type { TidingsEnv } from "./context.ts";
import { workerMeter } from "./worker-meter.ts";

/** Publishes the events of a request or of a service binding. The messages of the schemas are whole sentences. */

const KEY_HELP = "An Idempotency-Key has 1 to 128 visible ASCII characters.";
const HEAD_HELP = "`ifHead` must be the channel's head, one id as a string.";
const CONDITIONS_HELP = "The conditions must be an object with `idempotencyKey`, `ifHead` or both, and nothing else.";

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
	},
	CONDITIONS_HELP,
);

/**
 * The conditions of a publish.
 *
 * - `idempotencyKey`: repeats with the same key store nothing for 5 minutes; 1 to 128 visible ASCII characters.
 * - `ifHead`: the id that must be the channel's head.
 */
export type PublishConditions = z.input<typeof publishConditionsSchema>;

/**
 * Checks events and publishes them to a channel.
 *
 * @throws Problem `invalid_event`, `payload_too_large`, `head_moved`, `idempotency_mismatch` or `channel_unavailable`.
 */
export async function publishEvents(
	env: TidingsEnv,
	config: Config,
	publisher: Publisher,
	channel: string,
	input: unknown,
	{ idempotencyKey, ifHead }: PublishConditions,
): Promise<Extract<PublishOutcome, { ok: true }>> {
	const events = acceptEvents(input, config.MAX_EVENT_BYTES);
	const request: PublishRequest = {
		events,
		...(idempotencyKey !== undefined && {
			idempotency: { key: ownKey(publisher, idempotencyKey), digest: await digestOf(events) },
		}),
		...(ifHead !== undefined && { ifHead }),
	};
	const startedAt = Date.now();
	const outcome = await callChannel(env, channel, async (stub): Promise<PublishOutcome> => await stub.publish(request));
	if (!outcome.ok) throw new Problem(outcome.code, outcome.detail);
	if (!outcome.replayed) {
		const milliseconds = Date.now() - startedAt;
		workerMeter(env, config)?.count(channel, (tally) => countPublish(tally, events.length, milliseconds));
	}
	return outcome;
}

/**
 * The idempotency key, qualified with the user, whose keys are not shared with anyone. Backends share theirs, so that a
 * publish can be repeated with a new publish key. A key holds no space, so a user's cannot equal a backend's.
 */
function ownKey(publisher: Publisher, key: string): string {
	return publisher.kind === "user" ? `${key} ${publisher.user.sub}` : key;
}

async function digestOf(value: unknown): Promise<string> {
	const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(value)));
	return new Uint8Array(digest).toHex();
}
