import type { IdempotencyKeys } from "../log/idempotency.ts";
import type { Log } from "../log/log.ts";
import type { Revocations } from "./revocations.ts";

/** How soon a channel that may not be forgotten yet is looked at again. */
const REST_MILLISECONDS = 60 * 60 * 1000;

/** What retirement needs of the channel around it. */
export interface RetiringChannel {
	log: Log;
	keys: IdempotencyKeys;
	revocations: Revocations;
	/** How long the channel remembers events. */
	replaySeconds: number;
	/** Whether nobody is here. */
	isEmpty(): boolean;
	/** Whether nothing is being published. */
	isIdle(): boolean;
	wakeAt(time: number): Promise<void>;
	/** Forgets everything that is stored. */
	free(): Promise<void>;
}

/**
 * What becomes of a channel that nobody uses. When it has rested for as long as it remembers events, it has nothing left
 * that anybody could ask for: it frees its storage, and costs nothing.
 */
export class Retirement {
	readonly #channel: RetiringChannel;

	constructor(channel: RetiringChannel) {
		this.#channel = channel;
	}

	/** Nobody is here: there is no heartbeat until somebody comes, only a look at whether the channel is worth keeping. */
	async begin(now: number): Promise<void> {
		const { log, replaySeconds, isEmpty, wakeAt } = this.#channel;
		if (!isEmpty()) return;
		if (!log.isBorn) return await this.#keepRevocations(now);
		log.setIdleSince(now);
		await wakeAt(now + replaySeconds * 1000);
	}

	/** The time has come to look. */
	async look(now: number): Promise<void> {
		const { log, replaySeconds, wakeAt, free } = this.#channel;
		const { idleSince } = log;
		// Nothing was ever published; or streams were open when the object died, and their clients are on their way back.
		if (idleSince === undefined) return await this.begin(now);
		const restedAt = Math.max(idleSince, log.lastAt) + replaySeconds * 1000;
		if (now < restedAt) await wakeAt(restedAt);
		else if (this.#isForgettable(now)) await free();
		else await wakeAt(now + REST_MILLISECONDS);
	}

	/** Where nothing was ever published, nothing else is worth keeping. */
	async #keepRevocations(now: number): Promise<void> {
		const { revocations, isIdle, wakeAt, free } = this.#channel;
		const until = revocations.rememberedUntil(now);
		if (until !== undefined) await wakeAt(until);
		else if (isIdle()) await free();
	}

	#isForgettable(now: number): boolean {
		const { log, keys, revocations, isIdle } = this.#channel;
		const holdsPromises = !keys.isEmpty(now) || revocations.rememberedUntil(now) !== undefined;
		return !holdsPromises && isIdle() && log.isSurpassedAt(now);
	}
}
