import type { Headcount } from "../../audience/headcount.ts";
import { Members, UNNAMED } from "../../audience/members.ts";
import type { RelaySubscriber } from "../../audience/roster.ts";
import type { ChannelMessage } from "../../wire/link.ts";
import { regionOf } from "../../wire/place.ts";
import type { Member } from "../../wire/relay.ts";
import { type CountedBy, countTogether } from "../../wire/subscription.ts";

/** How long a placement counts as a stream that is about to come. */
const EXPECTED_MILLISECONDS = 5000;

/** A relay, as the origin knows it: the streams that it holds, and the WebSocket over which it follows. */
export class KnownRelay {
	readonly name: string;
	/** The region in which its object is made; `undefined` if it may be anywhere. */
	readonly region: DurableObjectLocationHint | undefined;
	readonly #headcount: Headcount;
	/** Identifies the relay's object. */
	#life: string | undefined;
	#members = new Members();
	/** The streams of an earlier object of the relay, whose clients may be on their way back. */
	#departed = new Members();
	/** Whether subscribers know its users from an earlier object of the origin. */
	#isOlder: boolean;
	#isUncounted: boolean;
	#expected = { streams: 0, at: 0 };
	/** The relay as a subscriber; `undefined` while it is cut off. */
	tie: RelaySubscriber | undefined;

	/** @param isOlder whether it is older than this object of the origin, which has not counted its streams. */
	constructor(name: string, headcount: Headcount, isOlder: boolean) {
		this.name = name;
		this.region = regionOf(name);
		this.#headcount = headcount;
		this.#isOlder = isOlder;
		this.#isUncounted = isOlder;
	}

	/** How many streams it holds. */
	get streams(): number {
		return this.#members.streams;
	}

	/** Whether its streams are counted, and hear of events. */
	get isSettled(): boolean {
		return !this.#isUncounted && (this.tie !== undefined || this.streams === 0);
	}

	/** How many streams it holds or will hold soon. */
	streamsSoon(now: number): number {
		const { streams, at } = this.#expected;
		return this.streams + (now - at < EXPECTED_MILLISECONDS ? streams : 0);
	}

	/** Notes that streams are sent on to it. Those that do not come are forgotten. */
	expect(streams: number, now: number): void {
		const { streams: before, at } = this.#expected;
		this.#expected = now - at < EXPECTED_MILLISECONDS ? { streams: before + streams, at } : { streams, at: now };
	}

	/** Whether it holds a stream that counts together with one. */
	holds(stream: CountedBy): boolean {
		return this.#members.hasAlike(stream);
	}

	/**
	 * Notes which object of the relay is at work. A new one holds none of the streams of the last one.
	 *
	 * @returns whether it is a new one.
	 */
	isReborn(life: string): boolean {
		const isReborn = this.#life !== undefined && this.#life !== life;
		if (isReborn) this.departAll();
		this.#life = life;
		return isReborn;
	}

	/** Its streams are gone, but their clients may be on their way back. */
	departAll(): void {
		for (const stream of this.#members) this.#departed.add(stream);
		this.#members = new Members();
		this.#isOlder = false;
	}

	/**
	 * Forgets the streams whose clients have not come back.
	 *
	 * @param alike only those that count together with this one. Default: all.
	 */
	forgetDeparted(alike?: CountedBy): void {
		if (alike && !this.#departed.hasAlike(alike)) return;
		for (const stream of [...this.#departed]) {
			if (!alike || countTogether(alike, stream)) this.#take(stream, this.#departed);
		}
	}

	/** Whether its streams are gone, or may be. */
	get isBereft(): boolean {
		return this.tie === undefined || this.#departed.streams > 0;
	}

	/**
	 * A stream comes back that is gone, or may be: it is counted once. If it is not gone, it is counted again when the relay
	 * is.
	 *
	 * @returns whether there was one.
	 */
	return(stream: CountedBy): boolean {
		return this.#take(stream, this.#departed) || (this.tie === undefined && this.#take(stream, this.#members));
	}

	/** Counts a stream no longer that is among these, by its user or without. Returns whether there was one. */
	#take(stream: CountedBy, members: Members): boolean {
		const counted = [stream, UNNAMED].find((each) => members.remove(each));
		if (counted) this.#headcount.remove(counted);
		return counted !== undefined;
	}

	/**
	 * Counts a stream that is admitted.
	 *
	 * @param rejoins whether it was open before. Its user is news all the same, unless an earlier object of the origin has
	 * told of it: this one has told that the user is gone.
	 */
	add(stream: CountedBy, rejoins: boolean): void {
		if (rejoins && this.#isOlder) this.#headcount.restore(stream);
		else this.#headcount.add(stream);
		// It was expected, if it was sent on.
		if (!rejoins && this.#expected.streams > 0) this.#expected.streams -= 1;
		this.#members.add(stream);
	}

	/** Counts a stream that has ended. */
	remove(stream: CountedBy): void {
		if (this.#members.remove(stream)) this.#headcount.remove(stream);
	}

	/** Counts what it holds anew, after it has joined. */
	replace(members: readonly Member[]): void {
		const before = this.#members;
		this.#members = new Members();
		for (const { stream, streams } of members) {
			for (let count = 0; count < streams; count += 1) {
				if (before.remove(stream)) {
					this.#members.add(stream);
					continue;
				}
				this.#take(stream, this.#departed);
				// Of those that are older than this object, subscribers have been told.
				this.add(stream, this.#isUncounted);
			}
		}
		this.#isUncounted = false;
		for (const stream of before) this.#headcount.remove(stream);
	}

	/** Tells it something, if it follows. */
	tell(message: ChannelMessage, now: number): void {
		this.tie?.tell(message, now);
	}

	/** Cuts it off: it joins again, and learns what it has missed. */
	cut(): void {
		this.tie?.outlet.close();
	}
}
