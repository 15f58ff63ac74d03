import type { PublishOutcome, PublishRequest } from "../wire/calls.ts";
import { formatCursor } from "../wire/cursor.ts";
import type { StoredEvent } from "../wire/event.ts";
import type { Receipt } from "../wire/receipt.ts";
import { GroupCommit, type GroupLimits } from "./group-commit.ts";
import type { AnsweredPublish, IdempotencyKeys } from "./idempotency.ts";
import type { Log } from "./log.ts";

/** What publishing needs of the channel around it. */
export interface PublishingChannel {
	name: string;
	log: Log;
	keys: IdempotencyKeys;
	subscribers(): number;
	/** All or none. */
	transaction<Result>(work: () => Result): Result;
	/** Waits for the disk. */
	sync(): Promise<void>;
	/** Hands events that are on disk to the streams. The answer does not wait for it. */
	deliver(events: StoredEvent[]): void;
	/** Resolves when the streams have room for more. */
	room(): Promise<void>;
}

/** Weights are characters of data: what a group's streams have to hold, and what may wait in memory. */
const GROUP_LIMITS: GroupLimits = {
	requests: 500,
	weight: 262_144,
	waitingRequests: 10_000,
	waitingWeight: 33_554_432,
};

/** Durable, then visible: nobody sees an event, and no publisher is answered, before it is on disk. */
export class Publishing {
	readonly #channel: PublishingChannel;
	readonly #commits: GroupCommit<PublishRequest, PublishOutcome>;

	constructor(channel: PublishingChannel) {
		this.#channel = channel;
		this.#commits = new GroupCommit(GROUP_LIMITS, (group) => this.#commit(group));
	}

	/** Whether nothing is under way. */
	get isIdle(): boolean {
		return this.#commits.isIdle;
	}

	/** Appends events, waits until they are on disk, delivers them and says where they stand. */
	async publish(request: PublishRequest): Promise<PublishOutcome> {
		if (this.#commits.isFull) {
			const detail = `The channel ${this.#channel.name} has too many publishes waiting. Slow down, or send batches.`;
			return { ok: false, code: "rate_limited", detail };
		}
		const weight = request.events.reduce((sum, { data }) => sum + data.length, 0);
		return await this.#commits.submit(request, weight);
	}

	async #commit(group: PublishRequest[]): Promise<PublishOutcome[]> {
		const { transaction, sync, deliver, room, log } = this.#channel;
		await room();
		const stored: StoredEvent[] = [];
		const outcomes = transaction(() => group.map((request) => this.#append(request, stored)));
		if (stored.length > 0) {
			await sync();
			log.reveal();
			deliver(stored);
		}
		return outcomes;
	}

	#append({ events, idempotency, ifHead }: PublishRequest, stored: StoredEvent[]): PublishOutcome {
		const { log, keys, subscribers } = this.#channel;
		const now = Date.now();
		const answered = idempotency && log.isBorn && keys.find(idempotency.key, now);
		if (answered) return this.#repeat(answered, idempotency.digest);
		const head = formatCursor(log.last);
		if (ifHead !== undefined && ifHead !== head) {
			const detail = `The channel's head is "${head}", not "${ifHead}". Read what has come since, and decide again.`;
			return { ok: false, code: "head_moved", detail };
		}
		stored.push(...log.append(events, now));
		const publish = { first: log.last - events.length + 1, count: events.length, subscribers: subscribers() };
		if (idempotency) keys.remember(idempotency.key, { digest: idempotency.digest, ...publish }, now);
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
		return { channel: this.#channel.name, ids, subscribers };
	}
}
