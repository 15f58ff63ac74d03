import type { PublishOutcome, PublishRequest } from "../wire/calls.ts";
import type { EndReason } from "../wire/control.ts";
import { formatCursor } from "../wire/cursor.ts";
import type { NewEvent, StoredEvent } from "../wire/event.ts";
import type { Receipt } from "../wire/receipt.ts";
import type { Disk } from "./disk.ts";
import type { AnsweredPublish, IdempotencyKeys } from "./idempotency.ts";
import type { LiveProgress } from "./live-keys.ts";
import type { Log } from "./log.ts";

/** What is wrong with a key that came with other events. */
export const MISMATCH =
	"This Idempotency-Key came with other events less than 5 minutes ago. Use a new key for a new publish.";

/** A publish to be written. */
export interface Write extends PublishRequest {
	/** How the channel ends with `end`. Default: `ended`. */
	endReason?: EndReason;
	/** The lease of the publisher, in milliseconds, for a log that has none. */
	lease?: number;
	/** What a live publish with an `Idempotency-Key` will have stored with these events, and what it had before. */
	live?: LiveMark;
}

/** Marks how far a live publish has come. */
export interface LiveMark {
	key: string;
	/** The digest of all of its events, these included. */
	digest: string;
	/** What it has stored before. */
	before: Pick<LiveProgress, "events" | "first" | "last">;
}

/** What a group of publishes adds to the log. */
interface Addition {
	events: NewEvent[];
	/** How the log ends after them. */
	end?: EndReason;
}

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
	async write(group: readonly Write[], subscribers: number): Promise<Written> {
		const addition: Addition = { events: [] };
		const written = this.#append(group, subscribers, addition, Date.now());
		if (addition.events.length > 0 || addition.end) {
			await this.#disk.sync();
			this.#log.reveal();
		}
		return written;
	}

	#append(group: readonly Write[], subscribers: number, addition: Addition, now: number): Written {
		try {
			return this.#log.transaction(() => {
				const outcomes = group.map((request) => this.#accept(request, subscribers, addition, now));
				// All at once: a statement costs more than a row.
				const stored = addition.events.length > 0 ? this.#log.append(addition.events, now) : [];
				if (addition.end) this.#log.end(addition.end);
				return { outcomes, stored };
			});
		} catch (error) {
			this.#keys.reload();
			throw error;
		}
	}

	/** @param addition what the group adds before this publish, and then with it. */
	#accept(
		{ events, idempotency, ifHead, end, endReason = "ended", lease, live }: Write,
		subscribers: number,
		addition: Addition,
		now: number,
	): PublishOutcome {
		const answered = idempotency && this.#log.isBorn && this.#keys.find(idempotency.key, now);
		if (answered) return this.#repeat(answered, idempotency.digest);
		if (idempotency && this.#log.isBorn && this.#keys.findLive(idempotency.key, now)) return mismatch();
		if (this.#log.ended ?? addition.end) {
			return { ok: false, code: "channel_ended", detail: hasEnded(this.#channel) };
		}
		const head = formatCursor(this.#log.headAfter(addition.events.length));
		if (ifHead !== undefined && ifHead !== head) {
			const detail = `The channel's head is "${head}", not "${ifHead}". Read what has come since, and decide again.`;
			return { ok: false, code: "head_moved", detail };
		}
		this.#log.begin(now);
		if (lease !== undefined && !this.#log.lease) this.#log.setLease({ milliseconds: lease });
		const first = this.#log.last + addition.events.length + 1;
		addition.events.push(...events);
		if (end) addition.end = endReason;
		const publish = { first, count: events.length, subscribers };
		if (idempotency) this.#keys.remember(idempotency.key, { digest: idempotency.digest, ...publish }, now);
		if (live) this.#mark(live, publish, end === true, now);
		return { ok: true, receipt: this.#receipt(publish), replayed: false };
	}

	#mark(
		{ key, digest, before }: LiveMark,
		{ first, count }: { first: number; count: number },
		hasEnded: boolean,
		now: number,
	): void {
		const progress = {
			digest,
			events: before.events + count,
			first: before.first ?? (count > 0 ? formatCursor(first) : null),
			last: count > 0 ? formatCursor(first + count - 1) : before.last,
			hasEnded,
		};
		this.#keys.rememberLive(key, progress, now);
	}

	#repeat(answered: AnsweredPublish, digest: string): PublishOutcome {
		if (answered.digest === digest) return { ok: true, receipt: this.#receipt(answered), replayed: true };
		return mismatch();
	}

	#receipt({ first, count, subscribers }: Pick<AnsweredPublish, "first" | "count" | "subscribers">): Receipt {
		const ids = Array.from({ length: count }, (_, index) => formatCursor(first + index));
		return { channel: this.#channel, ids, subscribers };
	}
}

function mismatch(): PublishOutcome {
	return { ok: false, code: "idempotency_mismatch", detail: MISMATCH };
}

/** Tells a publisher that the channel has ended. */
export function hasEnded(channel: string): string {
	return `The channel ${channel} has ended. Publish to another one, or begin this one anew with DELETE /channels/${channel}.`;
}
