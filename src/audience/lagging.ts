import type { Replay } from "./replay.ts";
import type { Subscriber } from "./subscriber.ts";
import { inTiles } from "./tiles.ts";

/** The streams that are behind, and catch up from the log. */
export class Lagging {
	readonly #replay: Replay;
	readonly #fell: () => void;
	readonly #subscribers = new Set<Subscriber>();

	/** @param fell called when a stream falls behind, so that the audience has to be tended soon. */
	constructor(replay: Replay, fell: () => void) {
		this.#replay = replay;
		this.#fell = fell;
	}

	/** Takes on a stream that has just been opened or restored, if it is behind. */
	add(subscriber: Subscriber): void {
		if (subscriber.isBehind) this.#subscribers.add(subscriber);
	}

	/** Stops live delivery to a stream. */
	fall(subscriber: Subscriber, now: number): void {
		subscriber.fallBehind(now);
		this.add(subscriber);
		this.#fell();
	}

	/** Forgets a stream that has ended. */
	delete(subscriber: Subscriber): void {
		this.#subscribers.delete(subscriber);
	}

	/**
	 * Whether a subscriber has got everything, so that it can be told of the end. One that has much to read is told later,
	 * lest it has to drain.
	 *
	 * @param isIdle whether no round is under way. One that failed may have left the subscriber out.
	 */
	isDone(subscriber: Subscriber, isIdle: boolean, now: number): boolean {
		if (subscriber.isToldEnd) return false;
		const hasAll = this.#replay.hasAll(subscriber, now);
		if (hasAll && !subscriber.isBacklogFull) return true;
		if (!subscriber.isBehind && (hasAll || isIdle)) this.fall(subscriber, now);
		return false;
	}

	/** The slow consumers, and those that cannot be told what they have missed. */
	stalled(now: number): Subscriber[] {
		return [...this.#subscribers].filter(
			(subscriber) => subscriber.isStalled(now) || this.#replay.hasLost(subscriber, now),
		);
	}

	/** Sends those that have room what they have missed. Those at the same part of the log take turns with it. */
	async catchUp(): Promise<void> {
		const inOrder = [...this.#subscribers].sort((one, other) => one.position - other.position);
		await inTiles(inOrder, (subscriber) => {
			const writes = this.#subscribers.has(subscriber) && subscriber.hasRoom;
			if (writes) this.#replay.catchUp(subscriber, Date.now());
			if (!subscriber.isBehind) this.delete(subscriber);
			return writes;
		});
		if (this.#subscribers.size > 0) this.#fell();
	}
}
