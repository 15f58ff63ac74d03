import type { PresenceNews, PresenceNewsOptions } from "./presence-news.ts";
import type { Subscriber } from "./subscriber.ts";
import { inTiles } from "./tiles.ts";

/** A stream is told at most once in this time. */
const PERIOD_MILLISECONDS = 1000;

/** Tells how many users are there, and nobody's name. */
export class PresenceCount implements PresenceNews {
	readonly #options: PresenceNewsOptions;
	/** What each stream was last told, and when. Unknown after hibernation: then a stream is told at the next change. */
	readonly #told = new WeakMap<Subscriber, { count: number; at: number }>();
	#timer: number | null = null;
	#isDue = false;

	constructor(options: PresenceNewsOptions) {
		this.#options = options;
	}

	get isDue(): boolean {
		return this.#isDue;
	}

	greet(subscriber: Subscriber, now: number): void {
		const { online } = this.#options.roster.presence;
		subscriber.tell({ type: "presence", count: online }, now);
		this.#told.set(subscriber, { count: online, at: now });
	}

	/** Tells everybody to whom the number is news. Those who were told less than a second ago are told later. */
	async tell(): Promise<number> {
		const { roster, tell } = this.#options;
		this.#isDue = false;
		let isLeft = false;
		const written = await inTiles(roster.observers, (subscriber) => {
			const now = Date.now();
			const { online: count } = roster.presence;
			const told = this.#told.get(subscriber);
			if (told?.count === count) return false;
			if (told && now < told.at + PERIOD_MILLISECONDS) {
				isLeft = true;
				return false;
			}
			if (subscriber.isBacklogFull) isLeft = true;
			else this.#told.set(subscriber, { count, at: now });
			tell(subscriber, { type: "presence", count }, now);
			return true;
		});
		if (isLeft) this.#tellLater();
		return written;
	}

	changed(): void {
		this.#isDue = true;
		this.#options.due();
	}

	rejoined(): void {
		this.#tellLater();
	}

	#tellLater(): void {
		this.#timer ??= setTimeout(() => {
			this.#timer = null;
			this.#isDue = true;
			this.#options.due();
		}, PERIOD_MILLISECONDS);
	}
}
