import type { Log } from "../../log/log.ts";
import type { Alarm } from "../alarm.ts";
import type { Publishing } from "../publishing.ts";

interface LeaseWatchOptions {
	log: Log;
	publishing: Publishing;
	alarm: Alarm;
}

/**
 * Ends the channel as `abandoned` when its live publishers have been gone for the lease, which the newest that had one
 * brought. The lease is on disk with the time at which it is over, so that it runs while the channel sleeps, and the alarm
 * wakes it. If the object dies while a publisher is there, nobody sees the publisher leave: then the lease starts at the
 * restart, for which an alarm is kept.
 */
export class LeaseWatch {
	readonly #options: LeaseWatchOptions;
	#publishers = 0;
	/** When the alarm rings next while a publisher is there, in Unix milliseconds. */
	#renewal = 0;

	constructor(options: LeaseWatchOptions, now: number) {
		this.#options = options;
		const { lease } = options.log;
		if (lease && lease.due === undefined) this.#start(lease.milliseconds, now);
	}

	/** When the alarm has to ring, in Unix milliseconds; `undefined` without a lease. */
	get nextDue(): number | undefined {
		const { lease, ended } = this.#options.log;
		if (!lease || ended) return undefined;
		return lease.due ?? this.#renewal;
	}

	/**
	 * A live publisher has come. Its lease is written down before its first events: it may die without any.
	 *
	 * @param milliseconds its lease, if it has one.
	 */
	async came(milliseconds: number | undefined): Promise<void> {
		const { log } = this.#options;
		this.#publishers += 1;
		const { lease, ended } = log;
		const wanted = milliseconds ?? lease?.milliseconds;
		if (wanted === undefined) return;
		const now = Date.now();
		this.#renewal = now + wanted;
		if (ended || (wanted === lease?.milliseconds && lease.due === undefined)) return;
		log.transaction(() => {
			log.begin(now);
			log.setLease({ milliseconds: wanted });
		});
		await this.keep();
	}

	/** Keeps the alarm for a lease that may have been written down. */
	async keep(): Promise<void> {
		if (this.nextDue !== undefined) await this.#options.alarm.ringBy(undefined);
	}

	/**
	 * A live publisher has gone.
	 *
	 * @param milliseconds its lease.
	 */
	async left(milliseconds: number | undefined): Promise<void> {
		const { log } = this.#options;
		this.#publishers -= 1;
		const lease = log.lease?.milliseconds ?? milliseconds;
		if (this.#publishers > 0 || lease === undefined || log.ended) return;
		const now = Date.now();
		log.transaction(() => {
			log.begin(now);
			this.#start(lease, now);
		});
		await this.keep();
	}

	/** Ends the channel if its lease is over. */
	async tend(now: number): Promise<void> {
		const { log, publishing } = this.#options;
		const { lease, ended } = log;
		if (!lease || ended) return;
		if (lease.due === undefined) {
			if (this.#renewal <= now) this.#renewal = now + lease.milliseconds;
		} else if (lease.due <= now) await publishing.end("abandoned");
	}

	#start(milliseconds: number, now: number): void {
		this.#options.log.setLease({ milliseconds, due: now + milliseconds });
	}
}
