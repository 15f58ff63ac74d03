import { Problem } from "../errors.ts";
import type { Revocation } from "../wire/relay.ts";
import { RETENTION_MILLISECONDS, RevokedUsers } from "./revoked-users.ts";

/** The refusal of credentials that are revoked. */
export function revoked(channel: string): Problem {
	return new Problem(
		"invalid_token",
		`Your access to the channel ${channel} was ended, and these credentials may be older than that, since clocks may differ by a minute. Get new ones.`,
	);
}

/** The revocations of a channel, on disk. */
export class Revocations {
	readonly #sql: SqlStorage;
	/** A cache of the table. */
	#cached: RevokedUsers | undefined;

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

	/** See {@link RevokedUsers.covers}. */
	covers(user: string, issuedAt: number | undefined, now: number): boolean {
		return this.#users.covers(user, issuedAt, now);
	}

	/** Returns when the latest revocation expires, in Unix milliseconds, or `undefined` if there is none. */
	rememberedUntil(now: number): number | undefined {
		return this.#users.rememberedUntil(now);
	}

	/** Those that still count. */
	list(now: number): Revocation[] {
		return this.#users.list(now);
	}

	/** Cached, since every new stream is checked against it. */
	get #users(): RevokedUsers {
		this.#cached ??= new RevokedUsers(this.#read());
		return this.#cached;
	}

	#read(): Revocation[] {
		const [table] = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'revocations'");
		if (!table) return [];
		const rows = this.#sql.exec<{ user: string; at: number }>("SELECT user, at FROM revocations");
		return Array.from(rows, ({ user, at }) => [user, at]);
	}
}
