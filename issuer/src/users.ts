import { type PasswordHasher, resultOf } from "./password-hasher.ts";
import { NOBODYS_HASH } from "./passwords.ts";
import { Problem } from "./problem.ts";

/** A user who can log in. */
export interface User {
	username: string;
	/** The names and patterns of the channels that the user may read. */
	channels: string[];
}

/** A user in the database. */
export interface UserRow {
	username: string;
	/** A JSON list. */
	channels: string;
}

export function toUser({ username, channels }: UserRow): User {
	return { username, channels: JSON.parse(channels) as string[] };
}

/** The users, in D1. */
export class Users {
	readonly #db: D1Database;
	readonly #hasher: DurableObjectStub<PasswordHasher>;

	constructor(db: D1Database, hasher: DurableObjectStub<PasswordHasher>) {
		this.#db = db;
		this.#hasher = hasher;
	}

	/**
	 * Finds the user with this name and password. An unknown name takes as long as a wrong password.
	 *
	 * @throws Problem `too_many_attempts` if too many passwords are waiting.
	 */
	async authenticate(username: string, password: string): Promise<User | undefined> {
		const row = await this.#db
			.prepare("SELECT username, channels, password_hash FROM users WHERE username = ? AND disabled_at IS NULL")
			.bind(username)
			.first<UserRow & { password_hash: string }>();
		const { matches, renewedHash } = resultOf(await this.#hasher.verify(password, row?.password_hash ?? NOBODYS_HASH));
		if (!row || !matches) return undefined;
		if (renewedHash !== undefined) {
			await this.#db
				.prepare("UPDATE users SET password_hash = ? WHERE username = ? AND password_hash = ?")
				.bind(renewedHash, row.username, row.password_hash)
				.run();
		}
		return toUser(row);
	}

	/** Adds a user without channels of their own. */
	async add(username: string, password: string): Promise<User> {
		const hash = resultOf(await this.#hasher.hash(password));
		const { meta } = await this.#db
			.prepare("INSERT INTO users (username, password_hash, channels) VALUES (?, ?, '[]') ON CONFLICT DO NOTHING")
			.bind(username, hash)
			.run();
		if (meta.changes === 0) throw new Problem("username_taken", "This username is taken. Choose another.");
		return { username, channels: [] };
	}
}
