/**
 * Users whose streams of this channel were ended for good. What was issued to them before that moment opens the channel
 * no more; it is remembered for as long as a ticket's stream may live.
 */

const REMEMBERED_MILLISECONDS = 24 * 60 * 60 * 1000;

export class Revocations {
	readonly #sql: SqlStorage;
	/** When each user was revoked, in unix milliseconds, as the disk has it. */
	#times: Map<string, number> | undefined;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/** Refuses what was issued to a user until now. */
	add(user: string, now: number): void {
		const forgotten = now - REMEMBERED_MILLISECONDS;
		this.#sql.exec(
			"CREATE TABLE IF NOT EXISTS revocations (user TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
		);
		this.#sql.exec("DELETE FROM revocations WHERE at <= ?", forgotten);
		this.#sql.exec("INSERT OR REPLACE INTO revocations (user, at) VALUES (?, ?)", user, now);
		this.#times = undefined;
	}

	/**
	 * Whether credentials were issued to a user before the user was revoked.
	 *
	 * @param issuedAt in unix seconds: when they were issued at the earliest.
	 */
	covers(user: string, issuedAt: number, now: number): boolean {
		const at = this.#known.get(user);
		return at !== undefined && isRemembered(at, now) && issuedAt * 1000 <= at;
	}

	/** Until when somebody is refused, in unix milliseconds; `undefined` when nobody is. */
	rememberedUntil(now: number): number | undefined {
		const last = this.#known.values().reduce((last, at) => Math.max(last, at), 0);
		return isRemembered(last, now) ? last + REMEMBERED_MILLISECONDS : undefined;
	}

	/** Read once: everybody who comes is looked for. */
	get #known(): ReadonlyMap<string, number> {
		this.#times ??= this.#read();
		return this.#times;
	}

	#read(): Map<string, number> {
		const [table] = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'revocations'");
		if (!table) return new Map();
		const rows = this.#sql.exec<{ user: string; at: number }>("SELECT user, at FROM revocations");
		return new Map(Array.from(rows, ({ user, at }) => [user, at]));
	}
}

function isRemembered(at: number, now: number): boolean {
	return at > now - REMEMBERED_MILLISECONDS;
}
