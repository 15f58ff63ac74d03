import { LiveKeys, type LiveProgress } from "./live-keys.ts";

/**
 * The answers to recent publishes with an `Idempotency-Key`. A publish that is retried with the same key gets the same
 * answer, and stores nothing. Each key is a row, written in the same transaction as its events.
 */

const RETENTION_MILLISECONDS = 5 * 60 * 1000;
/** How often expired keys are deleted. */
const PRUNE_MILLISECONDS = 60 * 1000;

/** A publish and its answer. */
export interface AnsweredPublish {
	/** A digest of the events, to detect a key that is reused for different events. */
	digest: string;
	/** The offset of its first event. */
	first: number;
	/** The number of its events. */
	count: number;
	/** The number of subscribers in its answer. */
	subscribers: number;
}

export class IdempotencyKeys {
	readonly #sql: SqlStorage;
	#prunedAt: number | undefined;
	/** Whether the table is known to exist. */
	#hasTable = false;
	readonly #live: LiveKeys;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
		this.#live = new LiveKeys(sql);
	}

	/** Returns the live publish with this key, if its last event is less than 5 minutes old. */
	findLive(key: string, now: number): LiveProgress | undefined {
		return this.#live.find(key, now - RETENTION_MILLISECONDS);
	}

	rememberLive(key: string, progress: LiveProgress, now: number): void {
		this.#prune(now);
		this.#live.remember(key, progress, now);
	}

	/** Returns the publish with this key, if it is less than 5 minutes old. */
	find(key: string, now: number): AnsweredPublish | undefined {
		this.#createTable();
		const [row] = this.#sql.exec<AnsweredPublish & Record<string, SqlStorageValue>>(
			"SELECT digest, first, count, subscribers FROM idempotency_keys WHERE key = ? AND at > ?",
			key,
			now - RETENTION_MILLISECONDS,
		);
		return row;
	}

	remember(key: string, { digest, first, count, subscribers }: AnsweredPublish, now: number): void {
		this.#prune(now);
		this.#createTable();
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

	/** Whether all keys have expired. */
	isEmpty(now: number): boolean {
		this.#createTable();
		const horizon = now - RETENTION_MILLISECONDS;
		const [unexpired] = this.#sql.exec("SELECT 1 FROM idempotency_keys WHERE at > ? LIMIT 1", horizon);
		return !unexpired && this.#live.isEmpty(horizon);
	}

	/** Forgets what is known of the storage: after a rollback, and after it was freed. */
	reload(): void {
		this.#hasTable = false;
		this.#live.reload();
	}

	#createTable(): void {
		if (this.#hasTable) return;
		this.#sql.exec(`CREATE TABLE IF NOT EXISTS idempotency_keys (
			key TEXT PRIMARY KEY, digest TEXT NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL,
			subscribers INTEGER NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID`);
		this.#hasTable = true;
	}

	#prune(now: number): void {
		if (this.#prunedAt !== undefined && now - this.#prunedAt < PRUNE_MILLISECONDS) return;
		this.#createTable();
		this.#sql.exec("DELETE FROM idempotency_keys WHERE at <= ?", now - RETENTION_MILLISECONDS);
		this.#live.prune(now - RETENTION_MILLISECONDS);
		this.#prunedAt = now;
	}
}
