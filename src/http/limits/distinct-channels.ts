/** How long an opened channel counts. */
const WINDOW_MILLISECONDS = 600_000;
/** The memory for all users, roughly in bytes. Beyond it, the oldest entries are dropped. */
const MAX_SIZE = 8_000_000;
/** The overhead of an entry, in addition to the length of the name. */
const USER_SIZE = 256;
const CHANNEL_SIZE = 64;

interface Opened {
	channels: Set<string>;
	endsAt: number;
	size: number;
}

/**
 * Limits how many different channels a user opens within ten minutes. Each channel is a Durable Object, and a user who is
 * granted a prefix could create them without end.
 */
export class DistinctChannels {
	readonly #byUser = new Map<string, Opened>();
	#size = 0;

	/** Counts the channels that a user opens. Returns `false`, and counts nothing, when these would exceed `max`. */
	admit(user: string, channels: readonly string[], max: number, now: number): boolean {
		const opened = this.#openedBy(user, now);
		const added = channels.filter((channel) => !opened.channels.has(channel));
		if (opened.channels.size + added.length > max) return false;
		for (const channel of added) {
			opened.channels.add(channel);
			this.#grow(opened, CHANNEL_SIZE + channel.length);
		}
		this.#dropOldest();
		return true;
	}

	#openedBy(user: string, now: number): Opened {
		const known = this.#byUser.get(user);
		if (known && now < known.endsAt) return known;
		this.#drop(user);
		const opened = { channels: new Set<string>(), endsAt: now + WINDOW_MILLISECONDS, size: 0 };
		this.#byUser.set(user, opened);
		this.#grow(opened, USER_SIZE + user.length);
		return opened;
	}

	#grow(opened: Opened, size: number): void {
		opened.size += size;
		this.#size += size;
	}

	#dropOldest(): void {
		for (const user of this.#byUser.keys()) {
			if (this.#size <= MAX_SIZE) return;
			this.#drop(user);
		}
	}

	#drop(user: string): void {
		this.#size -= this.#byUser.get(user)?.size ?? 0;
		this.#byUser.delete(user);
	}
}
