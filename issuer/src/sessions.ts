import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, randomBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { base64url } from "jose";
import { Problem } from "./problem.ts";
import { unixSeconds } from "./time.ts";
import { toUser, type User, type UserRow } from "./users.ts";

const ID_BYTES = 16;
const SECRET_BYTES = 32;
const TOKEN = /^([\w-]{22})\.([\w-]{43})$/;

/** How many sessions a user may have. One more ends the session that was refreshed the longest ago. */
const MAX_SESSIONS = 100;
/** How often a session may be refreshed in one window. Access tokens live for an hour by default. */
const MAX_REFRESHES = 60;
const WINDOW_SECONDS = 15 * 60;

interface Token {
	id: string;
	secret: string;
}

/**
 * The sessions of users. A session has one valid refresh token at a time, and each refresh replaces it. If an older token
 * is used, the session ends, as RFC 9700 recommends (section 4.14.2): the token was copied, and nobody can tell who holds
 * the copy. Two requests at once with the same token count as that, so a client must refresh once at a time.
 *
 * A token contains the id of its session, so that one row is enough to recognise every token that the session ever had.
 */
export class Sessions {
	readonly #db: D1Database;
	readonly #lifetimeSeconds: number;

	/** @param lifetimeSeconds how long a session lasts without a refresh. */
	constructor(db: D1Database, lifetimeSeconds: number) {
		this.#db = db;
		this.#lifetimeSeconds = lifetimeSeconds;
	}

	/** Begins a session, and returns its first token. */
	async begin(username: string): Promise<string> {
		const token = { id: randomText(ID_BYTES), secret: randomText(SECRET_BYTES) };
		const now = unixSeconds();
		await this.#db.batch([
			this.#db.prepare("DELETE FROM sessions WHERE expires_at <= ?").bind(now),
			this.#db
				.prepare(
					`DELETE FROM sessions WHERE id IN
					(SELECT id FROM sessions WHERE username = ? ORDER BY refreshed_at DESC, rowid DESC LIMIT -1 OFFSET ?)`,
				)
				.bind(username, MAX_SESSIONS - 1),
			this.#db
				.prepare("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, 0)")
				.bind(token.id, hashOf(token.secret), username, now, now + this.#lifetimeSeconds, now),
		]);
		return format(token);
	}

	/**
	 * Exchanges a token for a new one, and returns it with its user; `undefined` if the token is not valid. The batch is one
	 * transaction, so that two requests at once run one after the other.
	 *
	 * @throws Problem `too_many_attempts` if the session is refreshed too often. Its token stays valid.
	 */
	async rotate(text: string): Promise<{ user: User; token: string } | undefined> {
		const token = parse(text);
		if (!token) return undefined;
		const now = unixSeconds();
		const old = hashOf(token.secret);
		const successor = { id: token.id, secret: randomText(SECRET_BYTES) };
		const next = hashOf(successor.secret);
		const results = await this.#db.batch<UserRow & { window_at: number; is_rotated: number }>([
			this.#db
				.prepare(
					`UPDATE sessions SET secret_hash = ?1, refreshed_at = ?2, expires_at = ?3,
					refreshes = CASE WHEN window_at > ?4 THEN refreshes + 1 ELSE 1 END,
					window_at = CASE WHEN window_at > ?4 THEN window_at ELSE ?2 END
					WHERE id = ?5 AND secret_hash = ?6 AND expires_at > ?2 AND (refreshes < ?7 OR window_at <= ?4)
					AND username IN (SELECT username FROM users WHERE disabled_at IS NULL)`,
				)
				.bind(next, now, now + this.#lifetimeSeconds, now - WINDOW_SECONDS, token.id, old, MAX_REFRESHES),
			this.#db.prepare("DELETE FROM sessions WHERE id = ? AND secret_hash NOT IN (?, ?)").bind(token.id, old, next),
			this.#db
				.prepare(
					`SELECT users.username, channels, window_at, secret_hash = ? AS is_rotated
					FROM users JOIN sessions ON sessions.username = users.username
					WHERE id = ? AND disabled_at IS NULL AND expires_at > ?`,
				)
				.bind(next, token.id, now),
		]);
		const row = results.at(-1)?.results[0];
		if (!row) return undefined;
		if (!row.is_rotated) throw tooOften(row.window_at + WINDOW_SECONDS - now);
		return { user: toUser(row), token: format(successor) };
	}

	/** Ends the session of a token, even of a used one. */
	async end(text: string): Promise<void> {
		const token = parse(text);
		if (token) await this.#db.prepare("DELETE FROM sessions WHERE id = ?").bind(token.id).run();
	}
}

function tooOften(waitSeconds: number): Problem {
	const detail = `This session was refreshed ${MAX_REFRESHES} times in ${WINDOW_SECONDS / 60} minutes. Try again in ${waitSeconds} seconds, and use each access token until it expires.`;
	return new Problem("too_many_attempts", detail, { "Retry-After": String(waitSeconds) });
}

function format({ id, secret }: Token): string {
	return `${id}.${secret}`;
}

function parse(text: string): Token | undefined {
	const [, id, secret] = TOKEN.exec(text) ?? [];
	return id === undefined || secret === undefined ? undefined : { id, secret };
}

function randomText(bytes: number): string {
	return base64url.encode(randomBytes(bytes));
}

/** A fast hash is enough: nobody can guess 256 random bits. */
function hashOf(secret: string): string {
	return bytesToHex(sha256(utf8ToBytes(secret)));
}
