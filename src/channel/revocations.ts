/**
 * Users whose streams of this channel were ended for good. What was issued to them before that moment opens the channel
 * no more; it is remembered for as long as a ticket's stream may live.
 */

const REMEMBERED_MILLISECONDS = 24 * 60 * 60 * 1000;

export class Revocations {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/** Refuses what was issued to a user until now. */
	add(user: string, now: number): void {
		this.#createTable();
		this.#sql.exec("DELETE FROM revocations WHERE at <= ?", now - REMEMBERED_MILLISECONDS);
		this.#sql.exec("INSERT OR REPLACE INTO revocations (user, at) VALUES (?, ?)", user, now);
	}

	/**
	 * Whether credentials were issued to a user before the user was revoked.
	 *
	 * @param issuedAt in unix seconds. Where a token tells only the second, the whole second counts as before.
	 */
	covers(user: string, issuedAt: number, now: number): boolean {
		this.#createTable();
		const [row] = this.#sql.exec<{ at: number }>(
			"SELECT at FROM revocations WHERE user = ? AND at > ?",
			user,
			now - REMEMBERED_MILLISECONDS,
		);
		return row !== undefined && issuedAt * 1000 <= row.at;
	}

	/** Whether anybody is still refused. */
	isEmpty(now: number): boolean {
		this.#createTable();
		return (
			[...this.#sql.exec("SELECT 1 FROM revocations WHERE at > ? LIMIT 1", now - REMEMBERED_MILLISECONDS)].length === 0
		);
	}

	#createTable(): void {
		this.#sql.exec(
			"CREATE TABLE IF NOT EXISTS revocations (user TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
		);
	}
}
