import type { PresenceNews, PresenceNewsOptions } from "./presence-news.ts";
import type { Subscriber } from "./subscriber.ts";
import { inTiles } from "./tiles.ts";
import type { PresenceChange } from "./told-presence.ts";

/** Tells who comes and goes, by their names. */
export class PresenceNames implements PresenceNews {
	readonly isDue = false;
	readonly #options: PresenceNewsOptions;

	constructor(options: PresenceNewsOptions) {
		this.#options = options;
	}

	/** Tells a new subscriber who is there already. */
	greet(subscriber: Subscriber, now: number): void {
		const told = this.#options.roster.presence.told();
		if (subscriber.isRelay) {
			subscriber.tell({ type: "online", users: [...told], isLast: true }, now);
			return;
		}
		for (const user of told) {
			if (user !== subscriber.subscription.user) subscriber.tell({ type: "presence", user, state: "online" }, now);
		}
	}

	async tell(changes: readonly PresenceChange[]): Promise<number> {
		const { roster, tell } = this.#options;
		return await inTiles(roster.observers, (subscriber) => {
			const news = changes.filter(({ user }) => user !== subscriber.subscription.user);
			for (const { user, state } of news) tell(subscriber, { type: "presence", user, state }, Date.now());
			return news.length > 0;
		});
	}

	changed(): void {
		this.#options.due();
	}

	/** Nothing to tell: nobody has come or gone. */
	rejoined(): void {}
}
