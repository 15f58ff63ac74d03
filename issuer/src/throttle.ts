import { Problem } from "./problem.ts";
import { unixTime } from "./time.ts";

/** How many log-ins may fail in a window, before the next is refused unheard. */
const FAILURES = { username: 10, address: 100 };
const SIGN_UPS = 10;
const WINDOW_SECONDS = 15 * 60;

interface Limit {
	key: string;
	max: number;
}

/**
 * Counts log-ins by the name that was tried, whether or not somebody has it, and by where they came from. They are
 * counted before the password is looked at, so that many at once do not all get through; one that succeeds is taken out
 * again. What is stored is forgotten when its window is over.
 */
export class Throttle {
	readonly #db: D1Database;

	constructor(db: D1Database) {
		this.#db = db;
	}

	async countLogin(username: string, address: string): Promise<void> {
		await this.#count([
			{ key: usernameKey(username), max: FAILURES.username },
			{ key: addressKey(address), max: FAILURES.address },
		]);
	}

	/** Whoever knows the password was no guesser: their earlier slips are forgiven. */
	async forgiveLogin(username: string, address: string): Promise<void> {
		await this.#db.batch([
			this.#db.prepare("DELETE FROM attempts WHERE key = ?").bind(usernameKey(username)),
			this.#db.prepare("UPDATE attempts SET count = count - 1 WHERE key = ?").bind(addressKey(address)),
		]);
	}

	/** A password that nobody looked at was no guess: its attempt does not count. */
	async uncountLogin(username: string, address: string): Promise<void> {
		const uncount = this.#db.prepare("UPDATE attempts SET count = count - 1 WHERE key = ?");
		await this.#db.batch([uncount.bind(usernameKey(username)), uncount.bind(addressKey(address))]);
	}

	async countSignUp(address: string): Promise<void> {
		await this.#count([{ key: `sign-up ${network(address)}`, max: SIGN_UPS }]);
	}

	async #count(limits: Limit[]): Promise<void> {
		const now = unixTime();
		const count = this.#db.prepare(
			`INSERT INTO attempts VALUES (?, 1, ?)
			ON CONFLICT DO UPDATE SET count = count + 1
			RETURNING count, forgotten_at`,
		);
		const [, ...counts] = await this.#db.batch<{ count: number; forgotten_at: number }>([
			this.#db.prepare("DELETE FROM attempts WHERE forgotten_at <= ?").bind(now),
			...limits.map(({ key }) => count.bind(key, now + WINDOW_SECONDS)),
		]);
		const waits = counts.map(({ results: [row] }, index) =>
			row && row.count > (limits[index]?.max ?? 0) ? row.forgotten_at - now : 0,
		);
		const wait = Math.max(...waits);
		if (wait > 0) {
			throw new Problem("too_many_attempts", `Too many attempts. Try again in ${wait} seconds.`, {
				"Retry-After": String(wait),
			});
		}
	}
}

function usernameKey(username: string): string {
	return `username ${username.toLowerCase()}`;
}

function addressKey(address: string): string {
	return `address ${network(address)}`;
}

/** Of an IPv6 address its first half: the rest is the client's to choose. */
export function network(address: string): string {
	if (!address.includes(":")) return address;
	const [head = "", tail] = address.split("::");
	const start = head === "" ? [] : head.split(":");
	const end = tail ? tail.split(":") : [];
	const zeros = tail === undefined ? [] : Array.from({ length: 8 - start.length - end.length }, () => "0");
	return `${[...start, ...zeros, ...end].slice(0, 4).join(":")}::/64`;
}
