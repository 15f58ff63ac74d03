import type { Revocation } from "../wire/relay.ts";

/** How long a revocation counts: a day, the maximum lifetime of a ticket's stream. */
export const RETENTION_MILLISECONDS = 24 * 60 * 60 * 1000;

/** Users whose access to a channel was revoked. Credentials that were issued before the revocation no longer open it. */
export class RevokedUsers {
	/** When each user was revoked, in Unix milliseconds. Those that were added last come last. */
	readonly #times: Map<string, number>;

	constructor(revocations: Iterable<Revocation> = []) {
		this.#times = new Map(revocations);
	}

	add(user: string, at: number): void {
		const latest = Math.max(at, this.#times.get(user) ?? 0);
		this.#times.delete(user);
		this.#times.set(user, latest);
		for (const [oldest, time] of this.#times) {
			if (isRetained(time, at)) break;
			this.#times.delete(oldest);
		}
	}

	/**
	 * Whether a user's credentials were issued before the user was revoked.
	 *
	 * @param issuedAt the earliest time that the credentials can have been issued at, in Unix milliseconds; `undefined` counts
	 * as before any revocation.
	 * @param now in Unix milliseconds.
	 */
	covers(user: string, issuedAt: number | undefined, now: number): boolean {
		const at = this.#times.get(user);
		if (at === undefined || !isRetained(at, now)) return false;
		return issuedAt === undefined || issuedAt <= at;
	}

	/** Returns when the latest revocation expires, in Unix milliseconds, or `undefined` if there is none. */
	rememberedUntil(now: number): number | undefined {
		let latest: number | undefined;
		for (const at of this.#times.values()) {
			if (isRetained(at, now) && (latest === undefined || at > latest)) latest = at;
		}
		return latest === undefined ? undefined : latest + RETENTION_MILLISECONDS;
	}

	/** Those that still count. */
	list(now: number): Revocation[] {
		return [...this.#times].filter(([, at]) => isRetained(at, now));
	}
}

function isRetained(at: number, now: number): boolean {
	return at > now - RETENTION_MILLISECONDS;
}
