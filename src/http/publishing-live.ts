import { Problem } from "../errors.ts";
import { CHANNEL_URL } from "../wire/link.ts";
import { type LivePublish, liveHeaders } from "../wire/live/live-link.ts";
import { type LiveReceipt, liveReceiptSchema } from "../wire/receipt.ts";
import { callChannel } from "./call-channel.ts";
import type { TidingsEnv } from "./context.ts";

export const MAX_LINGER_MILLISECONDS = 1000;
export const MAX_LEASE_SECONDS = 3600;

/**
 * Hands the body of a live publish to its channel, as it arrives.
 *
 * @returns the receipt, once the body has ended, and whether an earlier request with the same key had done everything.
 * @throws Problem with which the channel refuses it, or `channel_unavailable`.
 */
export async function publishBody(
	env: TidingsEnv,
	channel: string,
	publish: LivePublish,
	body: ReadableStream<Uint8Array> | null,
): Promise<{ receipt: LiveReceipt; replayed: boolean }> {
	const response = await callChannel(env, { channel }, (stub) =>
		stub.fetch(CHANNEL_URL, { method: "POST", headers: liveHeaders(publish), body }),
	);
	if (!response.ok) throw await Problem.fromResponse(response);
	const receipt = liveReceiptSchema.parse(await response.json());
	return { receipt, replayed: response.headers.has("Idempotent-Replayed") };
}
