/** How long a channel that a user has opened is remembered. */
const WINDOW_MILLISECONDS = 600_000;
/** How much is remembered in all, roughly in bytes. Past it, the users that were noted first are forgotten. */
const MAX_SIZE = 8_000_000;
/** What a user and a channel take besides their names. */
const USER_SIZE = 256;
const CHANNEL_SIZE = 64;

interface Opened {
	channels: Set<string>;
	endsAt: number;
	size: number;
}

/**
 * Which channels each user has opened of late. Every channel is an object, and whoever is granted a prefix could name new
 * ones without end.
 */
export class DistinctChannels {
	readonly #byUser = new Map<string, Opened>();
	#size = 0;

	/** Notes channels that a user opens; `false`, and nothing is noted, when the user would have opened more than `max`. */
	admit(user: string, channels: readonly string[], max: number, now: number): boolean {
		const opened = this.#openedBy(user, now);
		const others = channels.filter((channel) => !opened.channels.has(channel));
		if (opened.channels.size + others.length > max) return false;
		for (const channel of others) {
			opened.channels.add(channel);
			this.#grow(opened, CHANNEL_SIZE + channel.length);
		}
		this.#forgetOldest();
		return true;
	}

	#openedBy(user: string, now: number): Opened {
		const known = this.#byUser.get(user);
		if (known && now < known.endsAt) return known;
		this.#forget(user);
		const opened = { channels: new Set<string>(), endsAt: now + WINDOW_MILLISECONDS, size: 0 };
		this.#byUser.set(user, opened);
		this.#grow(opened, USER_SIZE + user.length);
		return opened;
	}

	#grow(opened: Opened, size: number): void {
		opened.size += size;
		this.#size += size;
	}

	#forgetOldest(): void {
		for (const user of this.#byUser.keys()) {
			if (this.#size <= MAX_SIZE) return;
			this.#forget(user);
		}
	}

	#forget(user: string): void {
		this.#size -= this.#byUser.get(user)?.size ?? 0;
		this.#byUser.delete(user);
	}
}
