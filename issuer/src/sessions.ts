import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, randomBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { base64url } from "jose";
import { unixTime } from "./time.ts";
import { toUser, type User, type UserRow } from "./users.ts";

const TOKEN_BYTES = 32;

/**
 * Who is logged in, as families of refresh tokens: each is good for one new one. A token that comes a second time ends
 * its family, as RFC 9700 recommends: somebody has a copy, and who it is cannot be told. That goes for two requests at
 * once as well, so a client refreshes once at a time.
 */
export class Sessions {
	readonly #db: D1Database;
	readonly #lifetime: number;

	constructor(db: D1Database, lifetime: number) {
		this.#db = db;
		this.#lifetime = lifetime;
	}

	/** Begins a family, and answers with its first token. */
	async begin(username: string): Promise<string> {
		const token = newToken();
		const now = unixTime();
		await this.#db.batch([
			this.#db.prepare("DELETE FROM refresh_tokens WHERE expires_at <= ?").bind(now),
			this.#db
				.prepare("INSERT INTO refresh_tokens (hash, family, username, expires_at) VALUES (?, ?, ?, ?)")
				.bind(hashOf(token), crypto.randomUUID(), username, now + this.#lifetime),
		]);
		return token;
	}

	/** Takes a token for a new one, and says whose it is. The batch is one transaction: of two at once, one is first. */
	async rotate(token: string): Promise<{ user: User; token: string } | undefined> {
		const now = unixTime();
		const old = hashOf(token);
		const successor = newToken();
		const next = hashOf(successor);
		const results = await this.#db.batch<UserRow>([
			this.#db
				.prepare(
					`UPDATE refresh_tokens SET successor = ?
					WHERE hash = ? AND successor IS NULL AND expires_at > ?
					AND username IN (SELECT username FROM users WHERE disabled_at IS NULL)`,
				)
				.bind(next, old, now),
			this.#db
				.prepare(
					`INSERT INTO refresh_tokens (hash, family, username, expires_at)
					SELECT ?, family, username, ? FROM refresh_tokens WHERE hash = ? AND successor = ?`,
				)
				.bind(next, now + this.#lifetime, old, next),
			this.#db
				.prepare(
					`DELETE FROM refresh_tokens WHERE family IN
					(SELECT family FROM refresh_tokens WHERE hash = ? AND successor <> ?)`,
				)
				.bind(old, next),
			this.#db
				.prepare(
					`SELECT users.username, channels FROM users
					JOIN refresh_tokens ON refresh_tokens.username = users.username WHERE hash = ?`,
				)
				.bind(next),
		]);
		const row = results.at(-1)?.results[0];
		return row && { user: toUser(row), token: successor };
	}

	/** Ends the family of a token, also of one that was used. */
	async end(token: string): Promise<void> {
		await this.#db
			.prepare("DELETE FROM refresh_tokens WHERE family IN (SELECT family FROM refresh_tokens WHERE hash = ?)")
			.bind(hashOf(token))
			.run();
	}
}

function newToken(): string {
	return base64url.encode(randomBytes(TOKEN_BYTES));
}

/** A fast hash will do: nobody can guess 256 random bits. */
function hashOf(token: string): string {
	return bytesToHex(sha256(utf8ToBytes(token)));
}
