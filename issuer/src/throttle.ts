import { Problem } from "./problem.ts";
import { unixSeconds } from "./time.ts";

/** How many log-ins may fail in one window. Further ones are refused without checking the password. */
const FAILURES = { username: 10, address: 100 };
const SIGN_UPS = 10;
const WINDOW_SECONDS = 15 * 60;

interface Limit {
	key: string;
	max: number;
}

/**
 * Counts log-ins by username, whether or not a user has it, and by network address. A log-in is counted before its
 * password is checked, so that many at once cannot all get through. A successful one is taken off the count again. The
 * counts are deleted when their window is over.
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

	/** After a successful log-in: resets the count of the username, and takes one off the count of the address. */
	async forgiveLogin(username: string, address: string): Promise<void> {
		await this.#db.batch([
			this.#db.prepare("DELETE FROM attempts WHERE key = ?").bind(usernameKey(username)),
			this.#db.prepare("UPDATE attempts SET count = count - 1 WHERE key = ?").bind(addressKey(address)),
		]);
	}

	/** Takes back the count of a log-in whose password was not checked. */
	async uncountLogin(username: string, address: string): Promise<void> {
		const uncount = this.#db.prepare("UPDATE attempts SET count = count - 1 WHERE key = ?");
		await this.#db.batch([uncount.bind(usernameKey(username)), uncount.bind(addressKey(address))]);
	}

	async countSignUp(address: string): Promise<void> {
		await this.#count([{ key: `sign-up ${network(address)}`, max: SIGN_UPS }]);
	}

	async #count(limits: Limit[]): Promise<void> {
		const now = unixSeconds();
		const count = this.#db.prepare(
			`INSERT INTO attempts VALUES (?, 1, ?)
			ON CONFLICT DO UPDATE SET count = count + 1
			RETURNING count, forgotten_at`,
		);
		const [, ...counts] = await this.#db.batch<{ count: number; forgotten_at: number }>([
			this.#db.prepare("DELETE FROM attempts WHERE forgotten_at <= ?").bind(now),
			...limits.map(({ key }) => count.bind(key, now + WINDOW_SECONDS)),
		]);
		const exceeded = counts.flatMap(({ results }, index) =>
			results.filter(({ count }) => count > (limits[index]?.max ?? Number.POSITIVE_INFINITY)),
		);
		if (exceeded.length === 0) return;
		const waitSeconds = Math.max(...exceeded.map(({ forgotten_at }) => forgotten_at - now));
		throw new Problem("too_many_attempts", `Too many attempts. Try again in ${waitSeconds} seconds.`, {
			"Retry-After": String(waitSeconds),
		});
	}
}

function usernameKey(username: string): string {
	return `username ${username.toLowerCase()}`;
}

function addressKey(address: string): string {
	return `address ${network(address)}`;
}

/** The /64 network of an IPv6 address, whose other half the client can choose freely; any other address unchanged. */
export function network(address: string): string {
	if (!address.includes(":")) return address;
	const [head = "", tail] = address.split("::");
	const start = head === "" ? [] : head.split(":");
	const end = tail ? tail.split(":") : [];
	const zeros = tail === undefined ? [] : Array.from({ length: 8 - start.length - end.length }, () => "0");
	return `${[...start, ...zeros, ...end].slice(0, 4).join(":")}::/64`;
}
