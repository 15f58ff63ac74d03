import type { Logger } from "../logger.ts";
import type { ChannelRules } from "../wire/channel-rules.ts";
import type { StoredEvent } from "../wire/event.ts";
import type { ChannelMessage } from "../wire/link.ts";
import { Backpressure } from "./backpressure.ts";
import { chunksOf } from "./chunks.ts";
import type { Counts } from "./counts.ts";
import type { Lagging } from "./lagging.ts";
import { Outbox } from "./outbox.ts";
import { Pace } from "./pace.ts";
import { PresenceCount } from "./presence-count.ts";
import { PresenceNames } from "./presence-names.ts";
import type { PresenceNews } from "./presence-news.ts";
import type { Roster } from "./roster.ts";
import type { Subscriber } from "./subscriber.ts";
import { inTiles } from "./tiles.ts";

/** Rounds to so few streams cost next to nothing, so there is no pause after them. */
const FEW_STREAMS = 10;
/** The most changes of presence that a stream is told of in one round. */
const MAX_CHANGES = 64;

const PRESENCE_NEWS = { on: PresenceNames, off: undefined, count: PresenceCount };

interface FanOutOptions {
	channel: string;
	roster: Roster;
	lagging: Lagging;
	counts: Counts;
	maxBacklogBytes: number;
	logger: Logger;
	/** What streams that ask for presence are told: who comes and goes, nothing, or how many are there. */
	presence: ChannelRules["presence"];
	/** Called at the end of each round with events. */
	delivered(): Promise<void>;
	/** Called when nothing is left to tell. */
	rested(): void;
}

/**
 * Tells the streams of events and of presence, round after round. A lone event leaves at once. What comes while a round is
 * under way, or in the pause after it, leaves with the next one. Publishers do not wait for it: the events are on disk.
 */
export class FanOut {
	/** `undefined` where nobody is told. */
	readonly presence: PresenceNews | undefined;
	readonly #options: FanOutOptions;
	readonly #outbox = new Outbox();
	readonly #pace = new Pace();
	readonly #backpressure: Backpressure;
	#isRunning = false;
	#isReversed = false;

	constructor(options: FanOutOptions) {
		this.#options = options;
		this.#backpressure = new Backpressure(options.roster, options.maxBacklogBytes);
		const News = PRESENCE_NEWS[options.presence];
		this.presence =
			News &&
			new News({
				roster: options.roster,
				tell: (subscriber, message, now) => this.tell(subscriber, message, now),
				due: () => this.start(),
			});
	}

	/** Whether no round is under way, and nothing waits for one. */
	get isIdle(): boolean {
		return !this.#isRunning && this.#outbox.isEmpty;
	}

	/** Delivers durable events. */
	push(events: readonly StoredEvent[]): void {
		this.#outbox.push(events);
		if (this.#outbox.isFull) this.#pace.resume();
		this.start();
	}

	/** Starts a round, unless one is under way. */
	start(): void {
		if (!this.#isRunning) void this.#run();
	}

	/** Resolves when publishers may go on. */
	async room(): Promise<void> {
		await this.#outbox.room();
		await this.#backpressure.room();
	}

	/**
	 * Sends a message to a stream, unless its backlog is full: then the message is dropped, and the stream falls behind.
	 * Presence and heartbeats are sent at most once. A relay gets them in any case, since it keeps account of presence.
	 */
	tell(subscriber: Subscriber, message: ChannelMessage, now: number): void {
		if (subscriber.isRelay || !subscriber.isBacklogFull) subscriber.tell(message, now);
		else if (!subscriber.isBehind) this.#options.lagging.fall(subscriber, now);
	}

	async #run(): Promise<void> {
		this.#isRunning = true;
		while (await this.#round());
		this.#isRunning = false;
		// Events may have come after the last round has looked for some.
		if (this.#outbox.isEmpty) this.#options.rested();
		else this.start();
	}

	/** @returns whether there was anything to tell. */
	async #round(): Promise<boolean> {
		const changes = this.#options.roster.presence.take(MAX_CHANGES);
		const hasNews = changes.length > 0 || this.presence?.isDue === true;
		if (this.#outbox.isEmpty && !hasNews) return false;
		const events = this.#outbox.take();
		this.#pace.start();
		try {
			const told = hasNews ? ((await this.presence?.tell(changes)) ?? 0) : 0;
			const written = told + (await this.#deliver(events));
			if (written < FEW_STREAMS) return true;
		} catch (error) {
			this.#options.logger.failure("A round failed. The streams that it has missed catch up from the log.", error);
		}
		await this.#pace.stop();
		if (!this.#outbox.isEmpty && !this.#outbox.isFull) await this.#pace.pause(events.length);
		return true;
	}

	async #deliver(events: readonly StoredEvent[]): Promise<number> {
		const [first, last] = [events[0]?.offset, events.at(-1)?.offset];
		if (first === undefined || last === undefined) return 0;
		const { channel, roster, lagging, counts } = this.#options;
		const chunkFor = chunksOf(events, channel, false);
		let delivered = 0;
		let metered = 0;
		const written = await inTiles(this.#inTurn(), (subscriber) => {
			// Skip a subscriber that has left or was ended since, and one that got these events by replay.
			if (!roster.has(subscriber) || subscriber.isBehind || subscriber.position >= last) return false;
			const now = Date.now();
			if (subscriber.isBacklogFull || missesBefore(subscriber, first)) {
				lagging.fall(subscriber, now);
				return false;
			}
			const chunk = chunkFor(subscriber);
			subscriber.deliver(chunk, last, now);
			if (!chunk) return false;
			delivered += chunk.events;
			if (subscriber.outlet.isMetered) metered += chunk.events;
			return true;
		});
		counts.delivered(delivered, metered, false);
		this.#backpressure.delivered(events);
		await this.#options.delivered();
		return written;
	}

	/** A round begins with those who were last in the one before, so that nobody always is. */
	#inTurn(): Subscriber[] {
		const subscribers = [...this.#options.roster.everybody()];
		this.#isReversed = !this.#isReversed;
		return this.#isReversed ? subscribers : subscribers.reverse();
	}
}

/**
 * Whether a round that failed has left out a subscriber, which then catches up from the log. At 0 nothing was published
 * before.
 */
function missesBefore({ position }: Subscriber, first: number): boolean {
	return position !== 0 && position < first - 1;
}
