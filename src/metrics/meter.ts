import { waitUntil } from "cloudflare:workers";
import { Logger } from "../logger.ts";
import type { MetricsEnv, Report } from "./metrics-object.ts";
import { addTally, newTally, type Tally } from "./tally.ts";

/** How long what was counted waits for more, after a quiet time; each report that more follows doubles it, up to the last. */
const FIRST_PAUSE_MILLISECONDS = 1000;
const MAX_PAUSE_MILLISECONDS = 8000;
/** So much later than it was due, a report is given up: the request that should have sent it has died. */
const OVERDUE_MILLISECONDS = 5000;
/** How often open streams are reported when nothing happens, at least. */
const RENEWAL_MILLISECONDS = 60_000;
/** Of so many channels a report tells each by itself; the others go together, without a name. */
const MAX_CHANNELS = 200;

/** There is one. */
export const METRICS_OBJECT = "metrics";

interface MeterOptions {
	/** Who counts: it is told apart by this from all others. */
	holder: string;
	heartbeatSeconds: number;
	/** Whether channels are told apart. */
	byChannel: boolean;
	logger: Logger;
	send(report: Report): Promise<void>;
}

/**
 * A meter that reports to the Metrics object.
 *
 * @param holder who counts: it is told apart by this from all others.
 * @returns `undefined` where there is none to report to.
 */
export function meterOf(
	{ METRICS, ANALYTICS }: MetricsEnv,
	holder: string,
	heartbeatSeconds: number,
): Meter | undefined {
	if (!METRICS) return undefined;
	const send = async (report: Report) => await METRICS.getByName(METRICS_OBJECT).report(report);
	const logger = new Logger({ holder });
	return new Meter({ holder, heartbeatSeconds, byChannel: ANALYTICS !== undefined, logger, send });
}

/** Counts what happens in one place, an isolate of the Worker or a Channel, and reports it: the less often, the more it is. */
export class Meter {
	readonly #holder: string;
	readonly #leaseMilliseconds: number;
	readonly #byChannel: boolean;
	readonly #logger: Logger;
	readonly #send: (report: Report) => Promise<void>;
	#tallies = new Map<string, Tally>();
	#streams = 0;
	#pause = FIRST_PAUSE_MILLISECONDS;
	/** When the next report goes; 0 while nothing is to be told. */
	#dueAt = 0;
	#reportedAt = 0;

	constructor({ holder, heartbeatSeconds, byChannel, logger, send }: MeterOptions) {
		this.#holder = holder;
		this.#byChannel = byChannel;
		this.#logger = logger;
		this.#send = send;
		// Streams are reported again when they beat: two may be missed.
		this.#leaseMilliseconds = RENEWAL_MILLISECONDS + 2 * Math.max(heartbeatSeconds * 1000, RENEWAL_MILLISECONDS);
	}

	/** Counts something that a channel did. */
	count(channel: string, change: (tally: Tally) => void): void {
		change(this.#tallyOf(channel));
		this.#schedule();
	}

	/** A stream is held here from now on. */
	opened(): void {
		this.#streams += 1;
		this.#schedule();
	}

	/** A stream is held here no more. */
	left(): void {
		this.#streams -= 1;
		this.#schedule();
	}

	/** The streams that are held here are still open. */
	renew(): void {
		if (this.#streams > 0 && Date.now() - this.#reportedAt >= RENEWAL_MILLISECONDS) this.#schedule();
	}

	/** Reports at once what was counted until now, if there is anything to tell. */
	async report(): Promise<void> {
		if (this.#dueAt === 0) return;
		const tallies = this.#tallies;
		this.#tallies = new Map();
		this.#dueAt = 0;
		this.#reportedAt = Date.now();
		const report = { holder: this.#holder, streams: this.#streams, leaseMilliseconds: this.#leaseMilliseconds };
		try {
			await this.#send({ ...report, tallies: [...tallies] });
		} catch (error) {
			this.#logger.failure("The metrics could not be reported; they come with the next report.", error);
			for (const [channel, tally] of tallies) addTally(this.#tallyOf(channel), tally);
		}
	}

	#tallyOf(channel: string): Tally {
		const isNamed = this.#byChannel && (this.#tallies.has(channel) || this.#tallies.size < MAX_CHANNELS);
		const name = isNamed ? channel : "";
		const tally = this.#tallies.get(name) ?? newTally();
		this.#tallies.set(name, tally);
		return tally;
	}

	#schedule(): void {
		const now = Date.now();
		if (this.#dueAt > 0 && now < this.#dueAt + OVERDUE_MILLISECONDS) return;
		const isBusy = now - this.#reportedAt < this.#pause;
		this.#pause = isBusy ? Math.min(2 * this.#pause, MAX_PAUSE_MILLISECONDS) : FIRST_PAUSE_MILLISECONDS;
		this.#dueAt = now + this.#pause;
		waitUntil(this.#reportLater());
	}

	async #reportLater(): Promise<void> {
		await scheduler.wait(this.#pause);
		await this.report();
	}
}
