import type { PresenceBook, PresenceChange } from "./presence.ts";
import { StreamsByUser } from "./streams-by-user.ts";

/**
 * Who is online on a channel, as a relay knows it. It counts its own streams; who is online on the whole channel, the
 * origin tells it while one of its streams asks for presence.
 */
export class FollowedPresence implements PresenceBook {
	readonly #streams = new StreamsByUser();
	#told: Set<string> = new Set();
	#changed: PresenceChange[] = [];
	#count: number | undefined;
	#isKnown = false;

	/** Whether the origin has told who is online. */
	get isKnown(): boolean {
		return this.#isKnown;
	}

	/** How many users are online on the channel. */
	get online(): number {
		return this.#count ?? this.#told.size;
	}

	/** How many streams a user has open here. */
	streamsOf(user: string): number {
		return this.#streams.of(user);
	}

	told(): Iterable<string> {
		return this.#told;
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
		return this.#changed.splice(0, max);
	}

	/** The origin tells who has come or gone. */
	follow(change: PresenceChange): void {
		if ((change.state === "online") === this.#told.has(change.user)) return;
		if (change.state === "online") this.#told.add(change.user);
		else this.#told.delete(change.user);
		this.#changed.push(change);
	}

	/** The origin tells who is online. What has changed since it was last told is news. */
	followAll(users: readonly string[]): void {
		const online = new Set(users);
		for (const user of this.#told) if (!online.has(user)) this.follow({ user, state: "offline" });
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
		this.#told = new Set();
		this.#changed = [];
		this.#count = undefined;
		this.#isKnown = false;
	}
}
