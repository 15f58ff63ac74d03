import type { Logger } from "../logger.ts";
import type { Meter } from "../metrics/meter.ts";
import type { CallChannel } from "../uplink/channel-socket.ts";
import type { Cursors } from "../wire/cursor.ts";
import type { DialectName } from "../wire/dialect/dialects.ts";
import type { StartRequest, Subscription } from "../wire/subscription.ts";

/** What a session needs, once its user is verified and authorised. */
export interface SessionOptions {
	/** Sorted. */
	channels: readonly string[];
	cursors: Cursors;
	/** The subscription for each channel, in the client's dialect. */
	subscription: Subscription & { dialect: DialectName };
	/** Where each channel starts. */
	starts: ReadonlyMap<string, StartRequest>;
	heartbeatMilliseconds: number;
	retryMilliseconds: number;
	/** Counts deliveries; absent if `METRICS` is not bound. */
	meter: Meter | undefined;
	logger: Logger;
	call: CallChannel;
}
