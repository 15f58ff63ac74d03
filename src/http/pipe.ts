import { z } from "zod";
import type { Publisher } from "../auth/publishers.ts";
import { check } from "../check.ts";
import type { Config } from "../config.ts";
import { Problem } from "../errors.ts";
import { idempotencyKeySchema, ownKey } from "../wire/conditions.ts";
import { LIVE_TYPES } from "../wire/live/body-parser.ts";
import type { LiveReceipt } from "../wire/receipt.ts";
import type { TidingsEnv } from "./context.ts";
import { publishEvents } from "./publishing.ts";
import { MAX_LEASE_SECONDS, MAX_LINGER_MILLISECONDS, publishBody } from "./publishing-live.ts";

const LINGER_HELP = `\`linger\` must be a whole number of milliseconds from 0 to ${MAX_LINGER_MILLISECONDS}.`;

const LEASE_HELP = `\`lease\` must be a whole number of seconds from 1 to ${MAX_LEASE_SECONDS}.`;

const pipeOptionsSchema = z.strictObject(
	{
		contentType: z.enum(LIVE_TYPES, `\`contentType\` must be one of ${LIVE_TYPES.join(", ")}.`).optional(),
		idempotencyKey: idempotencyKeySchema.optional(),
		end: z.boolean("`end` must be true or false.").optional(),
		lease: z.int(LEASE_HELP).min(1, LEASE_HELP).max(MAX_LEASE_SECONDS, LEASE_HELP).optional(),
		linger: z.int(LINGER_HELP).min(0, LINGER_HELP).max(MAX_LINGER_MILLISECONDS, LINGER_HELP).optional(),
	},
	"The options must be an object. It may have `contentType`, `idempotencyKey`, `end`, `lease` and `linger`, and nothing else.",
);

/**
 * Options of a publish from a stream.
 *
 * - `contentType`: `text/event-stream` or `application/x-ndjson`, one event a line. Default: `text/event-stream`.
 * - `idempotencyKey`: the same events with the same key store those that are missing, for 5 minutes; 1 to 128 visible ASCII
 *   characters. Default: none.
 * - `end`: whether the channel ends with the stream. Default: it does not.
 * - `lease`: how many seconds after a break the channel ends by itself, as `abandoned`: 1 to 3,600. Default: it does not.
 * - `linger`: for how many milliseconds events wait for others that are stored and shown together with them: 0 to 1,000.
 *   Default: 0.
 */
export type PipeOptions = z.input<typeof pipeOptionsSchema>;

/**
 * Publishes what a stream of another Worker brings. Everything is checked: it need not be written in TypeScript.
 *
 * @throws Problem `invalid_request` for what can be no stream or option, and as `publishBody` does.
 */
export async function pipe(
	env: TidingsEnv,
	config: Config,
	channel: string,
	publisher: Publisher & { kind: "service" },
	stream: unknown,
	options: unknown,
): Promise<LiveReceipt> {
	if (!(stream instanceof ReadableStream))
		throw new Problem(
			"invalid_request",
			"The stream must be a ReadableStream of bytes. Other streams cannot be passed on.",
		);
	const checked = check(pipeOptionsSchema, options, "invalid_request");
	const { contentType = "text/event-stream", idempotencyKey, end, lease, linger = 0 } = checked;
	const publish = {
		publishKey: publisher.id,
		type: contentType,
		linger,
		...(lease !== undefined && { lease: lease * 1000 }),
		...(idempotencyKey !== undefined && { key: ownKey(idempotencyKey, undefined) }),
		request: crypto.randomUUID(),
	};
	let isComplete = false;
	const flush = () => {
		isComplete = true;
	};
	// For the object, a stream that fails in another Worker is one that ends. So the channel is ended afterwards.
	const body = stream.pipeThrough(new TransformStream({ flush }));
	const { receipt, replayed } = await publishBody(env, channel, publish, body);
	if (!isComplete) throw new Problem("invalid_request", brokenOff(receipt.events));
	if (end) {
		const ending = publishEvents(env, config, publisher, channel, [], { end });
		await ending.catch((error: unknown) => {
			const hasEnded = replayed && error instanceof Problem && error.code === "channel_ended";
			if (!hasEnded) throw error;
		});
	}
	return receipt;
}

function brokenOff(events: number): string {
	return `The stream broke off. ${events} events of it are stored, and the channel was not ended.`;
}
