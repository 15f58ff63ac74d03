import { DurableObject } from "cloudflare:workers";
import { hashPassword, isOutdated, verifyPassword } from "./passwords.ts";
import { Problem } from "./problem.ts";

/** How many passwords may wait, at half a second each. Beyond that, clients are told to come back later. */
const MAX_WAITING = 16;
const RETRY_AFTER_SECONDS = 5;
/** A pause between two hashes. On a developer's machine, all objects share one thread, and the others run meanwhile. */
const PAUSE_MILLISECONDS = 50;

/** The result of hashing. A refusal is a value, because an error loses its class when it crosses RPC. */
type Hashed<Result> = { ok: true; result: Result } | { ok: false };

/** The result of verifying a password. */
export interface Verified {
	matches: boolean;
	/** The hash at the current cost, if the stored one was made at another cost. */
	renewedHash?: string;
}

/**
 * Hashes passwords, one at a time. A hash occupies a thread for half a second. In an object of its own, it does not block
 * the requests for the keys.
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

/** Unwraps a result. @throws Problem `too_many_attempts` if too many passwords were waiting. */
export function resultOf<Result>(hashed: Hashed<Result>): Result {
	if (hashed.ok) return hashed.result;
	throw new Problem("too_many_attempts", "Too many passwords are waiting to be checked. Try again in a few seconds.", {
		"Retry-After": String(RETRY_AFTER_SECONDS),
	});
}

export function passwordHasher(namespace: DurableObjectNamespace<PasswordHasher>): DurableObjectStub<PasswordHasher> {
	return namespace.getByName("issuer");
}
