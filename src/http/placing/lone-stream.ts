import type { SessionOptions } from "../../session/session-options.ts";
import type { LinkHeaders } from "../../wire/link.ts";
import type { Subscription } from "../../wire/subscription.ts";

/**
 * Opens the stream of one channel, whose object holds the client's connection.
 *
 * @param headersOf makes the headers of the request that opens it.
 */
export async function openLone(
	channel: string,
	{ subscription, starts, placement }: SessionOptions,
	headersOf: (subscription: Subscription) => LinkHeaders,
): Promise<Response> {
	return await placement.open(channel, async (place, call) => {
		const connection = await placement.newConnection(place);
		return await call(place, headersOf({ ...subscription, connection, ...starts.get(channel) }));
	});
}
