/**
 * What live publishes with an `Idempotency-Key` have stored. A repeat with the same key stores only what comes after that.
 * Each key is a row, written in the same transaction as the events.
 */

/** How far a live publish has come. */
export interface LiveProgress {
	/** A digest of its events. */
	digest: string;
	/** How many events it has stored. */
	events: number;
	/** The ids of the first and the last of them; `null` if there are none. */
	first: string | null;
	last: string | null;
	/** Whether it has ended the channel. */
	hasEnded: boolean;
}

type Row = Omit<LiveProgress, "hasEnded"> & { ended: number };

export class LiveKeys {
	readonly #sql: SqlStorage;
	/** Whether the table exists; `undefined` if that is not known. */
	#hasTable: boolean | undefined;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/** Returns the live publish with this key, if it was not written before the horizon, in Unix milliseconds. */
	find(key: string, horizon: number): LiveProgress | undefined {
		if (!this.#exists()) return undefined;
		const [row] = this.#sql.exec<Row>(
			"SELECT digest, events, first, last, ended FROM live_keys WHERE key = ? AND at > ?",
			key,
			horizon,
		);
		if (!row) return undefined;
		const { ended, ...progress } = row;
		return { ...progress, hasEnded: ended === 1 };
	}

	remember(key: string, { digest, events, first, last, hasEnded }: LiveProgress, now: number): void {
		this.#sql.exec(`CREATE TABLE IF NOT EXISTS live_keys (
			key TEXT PRIMARY KEY, digest TEXT NOT NULL, events INTEGER NOT NULL, first TEXT, last TEXT,
			ended INTEGER NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID`);
		this.#hasTable = true;
		this.#sql.exec(
			"INSERT OR REPLACE INTO live_keys (key, digest, events, first, last, ended, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
			key,
			digest,
			events,
			first,
			last,
			hasEnded ? 1 : 0,
			now,
		);
	}

	/** Whether no key was written after the horizon. */
	isEmpty(horizon: number): boolean {
		if (!this.#exists()) return true;
		return [...this.#sql.exec("SELECT 1 FROM live_keys WHERE at > ? LIMIT 1", horizon)].length === 0;
	}

	/** Deletes the keys that were not written after the horizon. */
	prune(horizon: number): void {
		if (this.#exists()) this.#sql.exec("DELETE FROM live_keys WHERE at <= ?", horizon);
	}

	/** Forgets what is known of the storage: after a rollback, and after it was freed. */
	reload(): void {
		this.#hasTable = undefined;
	}

	#exists(): boolean {
		this.#hasTable ??= [...this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'live_keys'")].length > 0;
		return this.#hasTable;
	}
}
