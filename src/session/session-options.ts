import type { Logger } from "../logger.ts";
import type { Meter } from "../metrics/meter.ts";
import type { CallPlace } from "../uplink/channel-socket.ts";
import type { Cursors } from "../wire/cursor.ts";
import type { DialectName } from "../wire/dialect/dialects.ts";
import type { Place } from "../wire/place.ts";
import type { StartRequest, Subscription } from "../wire/subscription.ts";

/** Opens streams where the channels have room for them. */
export interface Placement {
	/**
	 * Opens a stream of a channel.
	 *
	 * @param openAt opens it at a place, which may send it on to another one. It is called until a place has room. `call`:
	 * how the place is called.
	 * @throws Problem `channel_unavailable` when no place has, or what `openAt` has thrown.
	 */
	open<Opened>(
		channel: string,
		openAt: (place: Place, call: CallPlace) => Promise<Opened | Response>,
	): Promise<Opened | Response>;
	/** Creates the id of a new stream that is found at a place. */
	newConnection(place: Place): Promise<string>;
}

/** What a session needs, once its user is verified and authorised. */
export interface SessionOptions {
	/** Sorted. */
	channels: readonly string[];
	cursors: Cursors;
	/** The subscription for each channel, in the client's dialect. The stream gets its id when its place is known. */
	subscription: Omit<Subscription, "connection"> & { dialect: DialectName };
	/** Where each channel starts. */
	starts: ReadonlyMap<string, StartRequest>;
	heartbeatMilliseconds: number;
	retryMilliseconds: number;
	/** Counts deliveries; absent if `METRICS` is not bound. */
	meter: Meter | undefined;
	logger: Logger;
	placement: Placement;
}
