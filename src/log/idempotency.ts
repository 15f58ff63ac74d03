/**
 * What recent publishes with an `Idempotency-Key` were answered, so that the same publish sent again stores nothing.
 * A row a key, in the same transaction as its events.
 */

const REMEMBERED_MILLISECONDS = 5 * 60 * 1000;
/** How often forgotten keys are cleared away. */
const PRUNE_MILLISECONDS = 60 * 1000;

/** An answered publish. */
export interface AnsweredPublish {
	/** A digest of the published events: the same key must come with the same events. */
	digest: string;
	/** The offset of its first event. */
	first: number;
	/** How many events it had. */
	count: number;
	/** How many subscribers it was answered with. */
	subscribers: number;
}

export class IdempotencyKeys {
	readonly #sql: SqlStorage;
	#prunedAt = 0;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/** The publish that came with a key in the last 5 minutes. */
	find(key: string, now: number): AnsweredPublish | undefined {
		this.#createTable();
		const [row] = this.#sql.exec<AnsweredPublish & Record<string, SqlStorageValue>>(
			"SELECT digest, first, count, subscribers FROM idempotency_keys WHERE key = ? AND at > ?",
			key,
			now - REMEMBERED_MILLISECONDS,
		);
		return row;
	}

	remember(key: string, { digest, first, count, subscribers }: AnsweredPublish, now: number): void {
		this.#createTable();
		this.#prune(now);
		this.#sql.exec(
			"INSERT OR REPLACE INTO idempotency_keys (key, digest, first, count, subscribers, at) VALUES (?, ?, ?, ?, ?, ?)",
			key,
			digest,
			first,
			count,
			subscribers,
			now,
		);
	}

	/** Whether no key is remembered any more. */
	isEmpty(now: number): boolean {
		this.#createTable();
		const horizon = now - REMEMBERED_MILLISECONDS;
		return [...this.#sql.exec("SELECT 1 FROM idempotency_keys WHERE at > ? LIMIT 1", horizon)].length === 0;
	}

	#createTable(): void {
		this.#sql.exec(`CREATE TABLE IF NOT EXISTS idempotency_keys (
			key TEXT PRIMARY KEY, digest TEXT NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL,
			subscribers INTEGER NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID`);
	}

	#prune(now: number): void {
		if (now - this.#prunedAt < PRUNE_MILLISECONDS) return;
		this.#sql.exec("DELETE FROM idempotency_keys WHERE at <= ?", now - REMEMBERED_MILLISECONDS);
		this.#prunedAt = now;
	}
}
