import { closing } from "../wire/control.ts";
import { formatCursor } from "../wire/cursor.ts";
import type { Dialect } from "../wire/dialect/dialect.ts";
import type { ChannelMessage } from "../wire/link.ts";
import type { Offset } from "../wire/offset.ts";
import { connectedOf, type LogGap, type Start, type Subscription } from "../wire/subscription.ts";

/** What a client is told besides events, in its dialect. Every text with a cursor moves it past events that were withheld. */
export class ControlText {
	readonly #channel: string;
	readonly #dialect: Dialect;

	constructor(channel: string, dialect: Dialect) {
		this.#channel = channel;
		this.#dialect = dialect;
	}

	/**
	 * The texts that open a stream: `connected`, and `gap` if events are missing.
	 *
	 * @param retry the client's reconnection time, in milliseconds; default: unchanged.
	 */
	opening({ cursor, resumed, gap, position }: Start, subscription: Subscription, retry?: number): string[] {
		const connected = this.connected(subscription, resumed, cursor, retry);
		return gap ? [connected, this.#gap(gap, position)] : [connected];
	}

	connected(subscription: Subscription, resumed: boolean, cursor: Offset, retry?: number): string {
		return this.#dialect.control("connected", connectedOf(subscription, resumed), formatCursor(cursor), retry);
	}

	/**
	 * The text of a message; `undefined`, or empty in a dialect without control events, if a client is not told.
	 *
	 * @param hasWithheld whether the client's cursor is behind events that were withheld.
	 */
	of(message: ChannelMessage, position: Offset, hasWithheld: boolean): string | undefined {
		const cursor = formatCursor(position);
		switch (message.type) {
			case "gap":
				return this.#gap(message.gap, message.position);
			case "presence": {
				const { type, ...presence } = message;
				return this.#dialect.control(type, { channel: this.#channel, ...presence }, cursor);
			}
			case "expiring":
				return this.#dialect.control("expiring", { expires: message.expiresAt / 1000 }, cursor);
			case "closing":
				return this.#dialect.closing(closing(message.reason), cursor);
			case "heartbeat":
				return this.#dialect.heartbeat(hasWithheld ? cursor : undefined);
			// Sessions are told: they know the cursor of a stream of several channels.
			case "ended":
			case "alive":
			case "renewed":
			case "log":
			case "revoked":
			case "probe":
			case "online":
				return undefined;
		}
	}

	/** The `id` of a gap is the position at which the stream continues. */
	#gap(gap: LogGap, position: Offset): string {
		return this.#dialect.control("gap", { channel: this.#channel, ...gap }, formatCursor(position));
	}
}
