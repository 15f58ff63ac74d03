import { Problem } from "../errors.ts";

/**
 * Users whose access to this channel was revoked. Credentials that were issued before the revocation no longer open the
 * channel. A revocation is kept for a day, the maximum lifetime of a ticket's stream.
 */

const RETENTION_MILLISECONDS = 24 * 60 * 60 * 1000;

/** The refusal of credentials that are revoked. */
export function revoked(channel: string): Problem {
	return new Problem(
		"invalid_token",
		`Your access to the channel ${channel} was ended, and these credentials may be older than that, since clocks may differ by a minute. Get new ones.`,
	);
}

export class Revocations {
	readonly #sql: SqlStorage;
	/** When each user was revoked, in Unix milliseconds. A cache of the table. */
	#cached: Map<string, number> | undefined;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/**
	 * Revokes the credentials that were issued to a user until now.
	 *
	 * @param now in Unix milliseconds.
	 */
	add(user: string, now: number): void {
		this.#sql.exec(
			"CREATE TABLE IF NOT EXISTS revocations (user TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
		);
		this.#sql.exec("DELETE FROM revocations WHERE at <= ?", now - RETENTION_MILLISECONDS);
		this.#sql.exec("INSERT OR REPLACE INTO revocations (user, at) VALUES (?, ?)", user, now);
		this.#cached = undefined;
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

	/** Cached, since every new stream is checked against it. */
	get #times(): ReadonlyMap<string, number> {
		this.#cached ??= this.#read();
		return this.#cached;
	}

	#read(): Map<string, number> {
		const [table] = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'revocations'");
		if (!table) return new Map();
		const rows = this.#sql.exec<{ user: string; at: number }>("SELECT user, at FROM revocations");
		return new Map(Array.from(rows, ({ user, at }) => [user, at]));
	}
}

function isRetained(at: number, now: number): boolean {
	return at > now - RETENTION_MILLISECONDS;
}
