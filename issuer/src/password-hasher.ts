import { DurableObject } from "cloudflare:workers";
import { hashPassword, isOutdated, verifyPassword } from "./passwords.ts";
import { Problem } from "./problem.ts";

/** How many passwords may wait, at half a second each: past it, a client is better told than kept waiting. */
const MAX_WAITING = 16;
const RETRY_AFTER_SECONDS = 5;
/** Where all objects share one thread, as on a developer's machine, others run between two hashes. */
const PAUSE_MILLISECONDS = 50;

/** What became of a password. Refusals are values: an error that crosses RPC loses its kind. */
type Hashed<Result> = { ok: true; result: Result } | { ok: false };

/** Whether a password is right, and its hash at today's cost where the stored one was made at another. */
export interface Verified {
	matches: boolean;
	renewedHash?: string;
}

/**
 * Hashes passwords, one at a time. A hash occupies a thread for half a second: in an object of its own, that is not the
 * thread that serves the keys.
 */
export class PasswordHasher extends DurableObject {
	#waiting = 0;
	#last: Promise<unknown> = Promise.resolve();

	async hash(password: string): Promise<Hashed<string>> {
		return await this.#enqueue(() => hashPassword(password));
	}

	async verify(password: string, hash: string): Promise<Hashed<Verified>> {
		return await this.#enqueue((): Verified => {
			if (!verifyPassword(password, hash)) return { matches: false };
			return { matches: true, ...(isOutdated(hash) && { renewedHash: hashPassword(password) }) };
		});
	}

	async #enqueue<Result>(work: () => Result): Promise<Hashed<Result>> {
		if (this.#waiting >= MAX_WAITING) return { ok: false };
		this.#waiting += 1;
		const before = this.#last;
		const turn = (async () => {
			await before;
			await scheduler.wait(PAUSE_MILLISECONDS);
			return work();
		})();
		this.#last = turn.catch(() => {}).finally(() => (this.#waiting -= 1));
		return { ok: true, result: await turn };
	}
}

/** @throws Problem `too_many_attempts` when as many passwords wait as may. */
export function resultOf<Result>(hashed: Hashed<Result>): Result {
	if (hashed.ok) return hashed.result;
	throw new Problem("too_many_attempts", "Too many passwords wait to be checked. Try again in a few seconds.", {
		"Retry-After": String(RETRY_AFTER_SECONDS),
	});
}

export function passwordHasher(namespace: DurableObjectNamespace<PasswordHasher>): DurableObjectStub<PasswordHasher> {
	return namespace.getByName("issuer");
}
