import type { Place } from "../../wire/place.ts";

/** How long a relay is remembered. Then one client asks the origin again. */
const KEPT_MILLISECONDS = 5000;
/** How long the others of a rush go on to that relay meanwhile. */
const ASKING_MILLISECONDS = 1000;
/** Beyond it, the oldest entries are dropped. */
const MAX_ENTRIES = 1000;

interface Remembered {
	relay: string;
	until: number;
}

/**
 * Remembers to which relay a channel sends new streams, so that clients that all come back at once do not all ask its
 * origin. Each region of clients has a relay of its own.
 */
export class Newcomers {
	readonly #relays = new Map<string, Remembered>();

	/** Where a new stream of a channel is to be opened: the origin, if nothing else is remembered. */
	placeOf(channel: string, near: DurableObjectLocationHint | undefined, now: number): Place {
		const remembered = this.#relays.get(keyOf(channel, near));
		if (!remembered) return { channel };
		if (now < remembered.until) return { channel, relay: remembered.relay };
		const isRush = now < remembered.until + ASKING_MILLISECONDS;
		if (isRush) remembered.until = now + ASKING_MILLISECONDS;
		return { channel };
	}

	/** Remembers where a new stream was sent. The origin is not remembered. */
	sentTo({ channel, relay }: Place, near: DurableObjectLocationHint | undefined, now: number): void {
		const key = keyOf(channel, near);
		this.#relays.delete(key);
		if (relay === undefined) return;
		this.#relays.set(key, { relay, until: now + KEPT_MILLISECONDS });
		const [oldest] = this.#relays.keys();
		if (this.#relays.size > MAX_ENTRIES && oldest !== undefined) this.#relays.delete(oldest);
	}
}

function keyOf(channel: string, near: DurableObjectLocationHint | undefined): string {
	return `${channel}/${near ?? ""}`;
}
