import type { Audience } from "../audience/audience.ts";
import type { Disk } from "../log/disk.ts";
import type { IdempotencyKeys } from "../log/idempotency.ts";
import type { Log } from "../log/log.ts";
import type { Alarm } from "./alarm.ts";
import type { Publishing } from "./publishing.ts";
import type { Revocations } from "./revocations.ts";

/** How soon a channel that may not be freed yet is looked at again. */
const RECHECK_MILLISECONDS = 60 * 60 * 1000;

interface IdleOptions {
	log: Log;
	keys: IdempotencyKeys;
	revocations: Revocations;
	audience: Audience;
	publishing: Publishing;
	alarm: Alarm;
	disk: Disk;
	/** How long the channel remembers events. */
	replayMilliseconds: number;
}

/**
 * What becomes of a channel without streams. When it has been idle for as long as it remembers events, nobody can ask it
 * for anything: it frees its storage, and costs nothing.
 */
export class Idle {
	readonly #options: IdleOptions;

	constructor(options: IdleOptions) {
		this.#options = options;
	}

	/** The last stream has ended: there are no heartbeats any more, only a look at whether the channel is worth keeping. */
	async begin(now: number): Promise<void> {
		const { audience, log, alarm, replayMilliseconds } = this.#options;
		if (!audience.isEmpty) return;
		if (!log.isBorn) return await this.#keepRevocations(now);
		log.setIdleSince(now);
		await alarm.ringAt(now + replayMilliseconds);
	}

	/** Something was written without a stream being open: unless the channel is idle already, it is from now on. */
	async beginUnlessSet(now: number): Promise<void> {
		if (!this.#options.alarm.isSet) await this.begin(now);
	}

	/** A stream was opened. */
	end(): void {
		const { log } = this.#options;
		if (log.idleSince !== undefined) log.setIdleSince(undefined);
	}

	/** Frees the channel if its time has come, and looks again later if not. */
	async look(now: number): Promise<void> {
		const { log, alarm, replayMilliseconds } = this.#options;
		const { idleSince } = log;
		// Nothing was ever published; or streams were open when the object died, and their clients are on their way back.
		if (idleSince === undefined) return await this.begin(now);
		const forgottenAt = Math.max(idleSince, log.lastAt ?? idleSince) + replayMilliseconds;
		if (now < forgottenAt) await alarm.ringAt(forgottenAt);
		else if (this.#isForgettable(now)) await this.#free();
		else await alarm.ringAt(now + RECHECK_MILLISECONDS);
	}

	/** Where nothing was ever published, only revocations are worth keeping. */
	async #keepRevocations(now: number): Promise<void> {
		const { revocations, publishing, alarm } = this.#options;
		const until = revocations.rememberedUntil(now);
		if (until !== undefined) await alarm.ringAt(until);
		else if (publishing.isIdle) await this.#free();
	}

	#isForgettable(now: number): boolean {
		const { log, keys, revocations, publishing } = this.#options;
		const holdsPromises = !keys.isEmpty(now) || revocations.rememberedUntil(now) !== undefined;
		return !holdsPromises && publishing.isIdle && log.isSurpassedAt(now);
	}

	async #free(): Promise<void> {
		const { disk, alarm, log } = this.#options;
		alarm.clear();
		await disk.free(() => log.reload());
	}
}
