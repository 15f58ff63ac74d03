import type { Publisher } from "../auth/publishers.ts";
import { rulesFor } from "../channel-rules.ts";
import type { Config } from "../config.ts";
import { Problem } from "../errors.ts";
import { countPublish } from "../metrics/tally.ts";
import type { PublishOutcome } from "../wire/calls.ts";
import { type PublishConditions, publishRequest } from "../wire/conditions.ts";
import { acceptEvents } from "../wire/intake.ts";
import { callChannel } from "./call-channel.ts";
import type { TidingsEnv } from "./context.ts";
import { workerMeter } from "./worker-meter.ts";

/**
 * Checks the events of a request or of a service binding, and publishes them to a channel.
 *
 * @throws Problem `invalid_event`, `payload_too_large`, `channel_ended`, `head_moved`, `idempotency_mismatch` or `channel_unavailable`.
 */
export async function publishEvents(
	env: TidingsEnv,
	config: Config,
	publisher: Publisher,
	channel: string,
	input: unknown,
	conditions: PublishConditions,
): Promise<Extract<PublishOutcome, { ok: true }>> {
	const events = acceptEvents(input, rulesFor(config, channel).maxEventBytes, conditions.end);
	const user = publisher.kind === "user" ? publisher.user.sub : undefined;
	const request = await publishRequest(events, conditions, user);
	const startedAt = Date.now();
	const outcome = await callChannel(
		env,
		{ channel },
		async (stub): Promise<PublishOutcome> => await stub.publish(request),
	);
	if (!outcome.ok) throw new Problem(outcome.code, outcome.detail);
	if (!outcome.replayed) {
		const milliseconds = Date.now() - startedAt;
		workerMeter(env, config)?.count(channel, (tally) => countPublish(tally, events.length, milliseconds));
	}
	return outcome;
}
