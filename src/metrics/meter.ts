import { waitUntil } from "cloudflare:workers";
import { Logger } from "../logger.ts";
import type { MetricsEnv, Report } from "./metrics-object.ts";
import { addTally, newTally, type Tally } from "./tally.ts";

/** The delay of a report after an idle time. It doubles with each report that follows at once, up to the maximum. */
const MIN_DELAY_MILLISECONDS = 1000;
const MAX_DELAY_MILLISECONDS = 8000;
/** A report that is this late will never be sent: the request that scheduled it has died. */
const OVERDUE_MILLISECONDS = 5000;
/** How often open streams are reported while nothing else happens. */
const RENEWAL_MILLISECONDS = 60_000;
/** How many channels a report lists by name. The counters of all others are summed up. */
const MAX_CHANNELS = 200;

/** The name of the Metrics object. A service has only one. */
export const METRICS_OBJECT = "metrics";

interface MeterOptions {
	/** Identifies the isolate or channel that reports. */
	holder: string;
	/** How often streams send a heartbeat. */
	heartbeatMilliseconds: number;
	/** Whether channels are counted separately. */
	byChannel: boolean;
	logger: Logger;
	send(report: Report): Promise<void>;
}

/**
 * Creates a meter that reports to the Metrics object.
 *
 * @param holder identifies the isolate or channel that reports.
 * @param heartbeatMilliseconds how often streams send a heartbeat.
 * @returns `undefined` when `METRICS` is not bound.
 */
export function meterOf(
	{ METRICS, ANALYTICS }: MetricsEnv,
	holder: string,
	heartbeatMilliseconds: number,
): Meter | undefined {
	if (!METRICS) return undefined;
	const send = async (report: Report) => await METRICS.getByName(METRICS_OBJECT).report(report);
	const logger = new Logger({ holder });
	return new Meter({ holder, heartbeatMilliseconds, byChannel: ANALYTICS !== undefined, logger, send });
}

/**
 * Counts what one isolate of the Worker or one channel does, and reports it in batches. Under load, reports back off to
 * one every 8 seconds.
 */
export class Meter {
	readonly #holder: string;
	readonly #heartbeatMilliseconds: number;
	readonly #leaseMilliseconds: number;
	readonly #byChannel: boolean;
	readonly #logger: Logger;
	readonly #send: (report: Report) => Promise<void>;
	/** By channel; `undefined` is the sum of the channels that are not listed. */
	#tallies = new Map<string | undefined, Tally>();
	#streams = 0;
	#delay = MIN_DELAY_MILLISECONDS;
	/** When the next report is due; `undefined` while there is nothing to report. */
	#dueAt: number | undefined;
	#reportedAt: number | undefined;

	constructor({ holder, heartbeatMilliseconds, byChannel, logger, send }: MeterOptions) {
		this.#holder = holder;
		this.#heartbeatMilliseconds = heartbeatMilliseconds;
		this.#byChannel = byChannel;
		this.#logger = logger;
		this.#send = send;
		// Heartbeats renew the lease, and two of them may be missed.
		this.#leaseMilliseconds = RENEWAL_MILLISECONDS + 2 * Math.max(heartbeatMilliseconds, RENEWAL_MILLISECONDS);
	}

	/** Updates the counters of a channel, and schedules a report. */
	count(channel: string, change: (tally: Tally) => void): void {
		change(this.#tallyOf(channel));
		this.#schedule();
	}

	/** Counts a stream that was opened. */
	opened(): void {
		this.#streams += 1;
		this.#schedule();
	}

	/** Counts a stream that was open before its holder slept, and is reported already. */
	restored(): void {
		this.#streams += 1;
	}

	/** Counts a stream that ended. */
	left(): void {
		this.#streams -= 1;
		this.#schedule();
	}

	/** Renews the lease of the open streams. Called at each heartbeat. */
	renew(): void {
		if (this.#streams > 0 && this.#isRenewalDue(Date.now())) this.#schedule();
	}

	/** Sends the scheduled report now. Does nothing when there is nothing to report. */
	async report(): Promise<void> {
		if (this.#dueAt === undefined) return;
		const tallies = this.#tallies;
		this.#tallies = new Map();
		this.#dueAt = undefined;
		this.#reportedAt = Date.now();
		const report = { holder: this.#holder, streams: this.#streams, leaseMilliseconds: this.#leaseMilliseconds };
		try {
			await this.#send({ ...report, tallies: [...tallies] });
		} catch (error) {
			this.#logger.failure("The metrics could not be reported. They are part of the next report.", error);
			for (const [channel, tally] of tallies) addTally(this.#tallyOf(channel), tally);
		}
	}

	#tallyOf(channel: string | undefined): Tally {
		const isListed = this.#byChannel && (this.#tallies.has(channel) || this.#tallies.size < MAX_CHANNELS);
		const key = isListed ? channel : undefined;
		const tally = this.#tallies.get(key) ?? newTally();
		this.#tallies.set(key, tally);
		return tally;
	}

	/**
	 * A holder that has slept does not know when it last reported. It would report at each heartbeat that wakes it: of
	 * those, the first in each minute does.
	 */
	#isRenewalDue(now: number): boolean {
		if (this.#reportedAt !== undefined) return now - this.#reportedAt >= RENEWAL_MILLISECONDS;
		return (
			Math.floor(now / RENEWAL_MILLISECONDS) > Math.floor((now - this.#heartbeatMilliseconds) / RENEWAL_MILLISECONDS)
		);
	}

	#sinceReport(now: number): number {
		return this.#reportedAt === undefined ? Number.POSITIVE_INFINITY : now - this.#reportedAt;
	}

	#schedule(): void {
		const now = Date.now();
		if (this.#dueAt !== undefined && now < this.#dueAt + OVERDUE_MILLISECONDS) return;
		const isBusy = this.#sinceReport(now) < this.#delay;
		this.#delay = isBusy ? Math.min(2 * this.#delay, MAX_DELAY_MILLISECONDS) : MIN_DELAY_MILLISECONDS;
		this.#dueAt = now + this.#delay;
		waitUntil(this.#reportLater());
	}

	async #reportLater(): Promise<void> {
		await scheduler.wait(this.#delay);
		await this.report();
	}
}
