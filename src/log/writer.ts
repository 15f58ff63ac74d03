import type { PublishOutcome, PublishRequest } from "../wire/calls.ts";
import { formatCursor } from "../wire/cursor.ts";
import type { NewEvent, StoredEvent } from "../wire/event.ts";
import type { Receipt } from "../wire/receipt.ts";
import type { Disk } from "./disk.ts";
import type { AnsweredPublish, IdempotencyKeys } from "./idempotency.ts";
import type { Log } from "./log.ts";

/** The result of a group of publishes. */
export interface Written {
	/** One for each publish, in their order. */
	outcomes: PublishOutcome[];
	/** The events that were stored. */
	stored: StoredEvent[];
}

interface WriterOptions {
	channel: string;
	log: Log;
	keys: IdempotencyKeys;
	disk: Disk;
}

/** Writes publishes to the log, ahead of everything else: events are durable before they become visible. */
export class Writer {
	readonly #channel: string;
	readonly #log: Log;
	readonly #keys: IdempotencyKeys;
	readonly #disk: Disk;

	constructor({ channel, log, keys, disk }: WriterOptions) {
		this.#channel = channel;
		this.#log = log;
		this.#keys = keys;
		this.#disk = disk;
	}

	/**
	 * Writes a group of publishes in one transaction, and waits until they are on disk.
	 *
	 * @param subscribers the number of open streams, for the receipts.
	 */
	async write(group: readonly PublishRequest[], subscribers: number): Promise<Written> {
		const { outcomes, stored } = this.#append(group, subscribers, Date.now());
		if (stored.length > 0) {
			await this.#disk.sync();
			this.#log.reveal();
		}
		return { outcomes, stored };
	}

	#append(group: readonly PublishRequest[], subscribers: number, now: number): Written {
		const accepted: NewEvent[] = [];
		try {
			return this.#log.transaction(() => {
				const outcomes = group.map((request) => this.#accept(request, subscribers, accepted, now));
				// All at once: a statement costs more than a row.
				return { outcomes, stored: accepted.length > 0 ? this.#log.append(accepted, now) : [] };
			});
		} catch (error) {
			this.#keys.reload();
			throw error;
		}
	}

	/** @param accepted the events of the group that are appended before these. */
	#accept(
		{ events, idempotency, ifHead }: PublishRequest,
		subscribers: number,
		accepted: NewEvent[],
		now: number,
	): PublishOutcome {
		const answered = idempotency && this.#log.isBorn && this.#keys.find(idempotency.key, now);
		if (answered) return this.#repeat(answered, idempotency.digest);
		const head = formatCursor(this.#log.last + accepted.length);
		if (ifHead !== undefined && ifHead !== head) {
			const detail = `The channel's head is "${head}", not "${ifHead}". Read what has come since, and decide again.`;
			return { ok: false, code: "head_moved", detail };
		}
		this.#log.begin(now);
		const first = this.#log.last + accepted.length + 1;
		accepted.push(...events);
		const publish = { first, count: events.length, subscribers };
		if (idempotency) this.#keys.remember(idempotency.key, { digest: idempotency.digest, ...publish }, now);
		return { ok: true, receipt: this.#receipt(publish), replayed: false };
	}

	#repeat(answered: AnsweredPublish, digest: string): PublishOutcome {
		if (answered.digest === digest) return { ok: true, receipt: this.#receipt(answered), replayed: true };
		const detail =
			"This Idempotency-Key came with other events less than 5 minutes ago. Use a new key for a new publish.";
		return { ok: false, code: "idempotency_mismatch", detail };
	}

	#receipt({ first, count, subscribers }: Pick<AnsweredPublish, "first" | "count" | "subscribers">): Receipt {
		const ids = Array.from({ length: count }, (_, index) => formatCursor(first + index));
		return { channel: this.#channel, ids, subscribers };
	}
}
