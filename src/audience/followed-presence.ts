import type { PresenceBook } from "./presence.ts";
import { StreamCounts } from "./stream-counts.ts";
import { type PresenceChange, ToldPresence } from "./told-presence.ts";

/**
 * Who is online on a channel, as a relay knows it. It counts its own streams; who is online on the whole channel, the
 * origin tells it while one of its streams asks for presence.
 */
export class FollowedPresence implements PresenceBook {
	readonly #streams = new StreamCounts();
	/** The users of whom the origin has told that they are online. */
	readonly #online = new Set<string>();
	readonly #told = new ToldPresence((user) => this.#online.has(user));
	#count: number | undefined;
	#isKnown = false;

	/** Whether the origin has told who is online. */
	get isKnown(): boolean {
		return this.#isKnown;
	}

	/** How many users are online on the channel. */
	get online(): number {
		return this.#count ?? this.#online.size;
	}

	/** How many streams a user has open here. */
	streamsOf(user: string): number {
		return this.#streams.of(user);
	}

	told(): Iterable<string> {
		return this.#told.users;
	}

	add(user: string): void {
		this.#streams.add(user, 1);
	}

	restore(user: string): void {
		this.add(user);
	}

	remove(user: string): void {
		this.#streams.add(user, -1);
	}

	/** Only an origin has such streams. */
	countUnnamed(): void {}

	take(max: number): PresenceChange[] {
		return this.#told.take(max);
	}

	/** The origin tells who has come or gone. */
	follow({ user, state }: PresenceChange): void {
		if (state === "online") this.#online.add(user);
		else this.#online.delete(user);
		this.#told.change(user);
	}

	/** The origin tells who is online. What has changed since it was last told is news. */
	followAll(users: readonly string[]): void {
		const online = new Set(users);
		for (const user of this.#online) if (!online.has(user)) this.follow({ user, state: "offline" });
		for (const user of online) this.follow({ user, state: "online" });
		this.#isKnown = true;
	}

	/** The origin tells how many users are online. */
	followCount(count: number): void {
		this.#count = count;
		this.#isKnown = true;
	}

	/** Nobody tells any more. */
	forget(): void {
		this.#online.clear();
		this.#told.forget();
		this.#count = undefined;
		this.#isKnown = false;
	}
}
