import { Problem } from "../../errors.ts";
import type { LiveProgress } from "../../log/live-keys.ts";
import { MISMATCH } from "../../log/writer.ts";
import type { NewEvent } from "../../wire/event.ts";

const encoder = new TextEncoder();

/**
 * Passes over the events of a live publish that an earlier request with the same `Idempotency-Key` has stored, and digests
 * all of them one by one: the digest does not depend on how they came together.
 */
export class Repeat {
	readonly #stored: LiveProgress | undefined;
	/** The digest after each event that was not passed over. */
	readonly #digests = new WeakMap<NewEvent, string>();
	#digest = "";
	#events = 0;

	/** @param stored what the earlier requests have stored, if there were any. */
	constructor(stored: LiveProgress | undefined) {
		this.#stored = stored;
	}

	/**
	 * Returns the events that are not stored yet.
	 *
	 * @throws Problem `idempotency_mismatch`
	 */
	async pass(events: readonly NewEvent[]): Promise<NewEvent[]> {
		const fresh: NewEvent[] = [];
		const { events: stored = 0, digest } = this.#stored ?? {};
		for (const event of events) {
			this.#digest = await chained(this.#digest, event);
			this.#events += 1;
			if (this.#events > stored) {
				this.#digests.set(event, this.#digest);
				fresh.push(event);
			} else if (this.#events === stored && this.#digest !== digest) throw mismatch();
		}
		return fresh;
	}

	/**
	 * The body has ended as its producer meant it to.
	 *
	 * @throws Problem `idempotency_mismatch` if it has fewer events than are stored.
	 */
	end(): void {
		if (this.#events < (this.#stored?.events ?? 0)) throw mismatch();
	}

	/** The digest of all events up to one that was not passed over; of the whole body if there is none. */
	digestUpTo(event: NewEvent | undefined): string {
		return (event && this.#digests.get(event)) ?? this.#digest;
	}
}

async function chained(before: string, event: NewEvent): Promise<string> {
	const digest = await crypto.subtle.digest("SHA-256", encoder.encode(`${before}\n${JSON.stringify(event)}`));
	return new Uint8Array(digest).toHex();
}

function mismatch(): Problem {
	return new Problem("idempotency_mismatch", MISMATCH);
}
