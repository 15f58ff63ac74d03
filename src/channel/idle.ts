import type { Audience } from "../audience/audience.ts";
import type { Disk } from "../log/disk.ts";
import type { IdempotencyKeys } from "../log/idempotency.ts";
import type { Log } from "../log/log.ts";
import type { Alarm } from "./alarm.ts";
import type { Rest } from "./gate.ts";
import type { Publishing } from "./publishing.ts";
import type { Revocations } from "./revocations.ts";

/** The interval at which a channel that cannot be freed yet is checked. */
const RECHECK_MILLISECONDS = 60 * 60 * 1000;

interface IdleOptions {
	log: Log;
	keys: IdempotencyKeys;
	revocations: Revocations;
	audience: Audience;
	/** Whether relays hold streams of the channel. */
	isSpread: () => boolean;
	publishing: Publishing;
	alarm: Alarm;
	disk: Disk;
	/** How long events are retained. */
	replayMilliseconds: number;
}

/**
 * Frees idle channels. Once a channel has had no stream for as long as it retains events, nothing can be replayed: its
 * storage is deleted, and it costs nothing.
 */
export class Idle implements Rest {
	readonly #options: IdleOptions;

	constructor(options: IdleOptions) {
		this.#options = options;
	}

	/** Starts the idle period when the last stream ends. From then on, the alarm only serves to free the channel. */
	async begin(now: number): Promise<void> {
		const { audience, isSpread, log, alarm, replayMilliseconds } = this.#options;
		// It has begun, and the stream that ended was over as soon as it was opened.
		const hasBegun = log.idleSince !== undefined && alarm.isSet;
		if (!audience.isEmpty || isSpread() || hasBegun) return;
		if (!log.isBorn) return await this.#keepRevocations(now);
		log.setIdleSince(now);
		await alarm.ringAt(now + replayMilliseconds);
	}

	/** Starts the idle period after a write, unless an alarm is set. */
	async beginUnlessAlarmSet(now: number): Promise<void> {
		if (!this.#options.alarm.isSet) await this.begin(now);
	}

	/** Ends the idle period when a stream opens. */
	end(): void {
		const { log } = this.#options;
		if (log.idleSince !== undefined) log.setIdleSince(undefined);
	}

	/** Frees the channel if its time has come, or sets the alarm for the next check. */
	async freeIfExpired(now: number): Promise<void> {
		const { log, alarm, replayMilliseconds } = this.#options;
		const { idleSince } = log;
		// Either nothing was published, or streams were open when the object died and their clients are reconnecting.
		if (idleSince === undefined) return await this.begin(now);
		const forgottenAt = Math.max(idleSince, log.lastAt ?? idleSince) + replayMilliseconds;
		if (now < forgottenAt) await alarm.ringAt(forgottenAt);
		else if (this.#canFree(now)) await this.#free();
		else await alarm.ringAt(now + RECHECK_MILLISECONDS);
	}

	/** Without a log, keeps the storage until the last revocation expires. */
	async #keepRevocations(now: number): Promise<void> {
		const { revocations, publishing, alarm } = this.#options;
		const until = revocations.rememberedUntil(now);
		if (until !== undefined) await alarm.ringAt(until);
		else if (publishing.isIdle) await this.#free();
	}

	#canFree(now: number): boolean {
		const { log, keys, revocations, isSpread, publishing } = this.#options;
		const hasUnexpiredRows = !keys.isEmpty(now) || revocations.rememberedUntil(now) !== undefined;
		// Whoever comes while a lease runs is told when it is over.
		const isLeased = log.lease !== undefined && log.ended === undefined;
		return !hasUnexpiredRows && !isLeased && !isSpread() && publishing.isIdle && log.isSurpassedAt(now);
	}

	async #free(): Promise<void> {
		const { disk, alarm, log, keys } = this.#options;
		alarm.clear();
		await disk.free(() => {
			log.reload();
			keys.reload();
		});
		// The alarm was deleted with the rest.
		await alarm.ringBy(undefined);
	}
}
