import { countedBy, Members, UNNAMED } from "../../audience/members.ts";
import { Problem } from "../../errors.ts";
import type { Logger } from "../../logger.ts";
import type { Admission, Wanted } from "../../wire/relay.ts";
import type { CountedBy } from "../../wire/subscription.ts";
import type { OriginCalls } from "../calls.ts";

/** How many streams one report asks for or takes leave of. */
const MAX_STREAMS = 500;
/** How many streams may wait to be asked for. */
const MAX_WAITING = 20_000;
/** The pause after a report that has not arrived. */
const PAUSE_MILLISECONDS = 250;
/** How often a relay without streams tries to say so. The origin finds out by itself too, but after a minute. */
const MAX_FAREWELLS = 20;

interface ReportsOptions {
	channel: string;
	relay: string;
	/** Identifies this object. */
	life: string;
	origin(): Pick<OriginCalls, "report">;
	logger: Logger;
}

interface Question {
	wanted: Wanted;
	resolve(admission: Admission): void;
	reject(error: unknown): void;
}

/**
 * Tells the origin of the streams that come and go. One report is under way at a time, and what happens meanwhile is in the
 * next one: so a rush of clients costs the origin little.
 */
export class Reports {
	readonly #options: ReportsOptions;
	/** The streams that the origin has admitted and that have not ended. */
	readonly #members = new Members();
	#questions: Question[] = [];
	/** How many streams the report that is under way asks for. */
	#asked = 0;
	#left: CountedBy[] = [];
	/** Whether the origin has to count this relay's streams anew. */
	#isUncounted = false;
	#isRunning = false;

	constructor(options: ReportsOptions) {
		this.#options = options;
	}

	/** How many streams are open or admitted, or wait to be. */
	get streams(): number {
		return this.#members.streams + this.#asked + this.#questions.length;
	}

	/** Asks the origin to admit a stream. */
	ask(wanted: Wanted): Promise<Admission> {
		const { channel } = this.#options;
		if (this.#questions.length >= MAX_WAITING) {
			throw new Problem("channel_full", `Too many clients are opening the channel ${channel}. Try again later.`);
		}
		return new Promise((resolve, reject) => {
			this.#questions.push({ wanted, resolve, reject });
			this.#start();
		});
	}

	/** An admitted stream has ended, or was not opened. */
	left(stream: CountedBy): void {
		const counted = this.#members.has(stream) ? countedBy(stream) : UNNAMED;
		if (!this.#members.remove(counted)) return;
		this.#left.push(counted);
		this.#start();
	}

	/** The origin may not know this relay's streams: it has to count them anew. */
	recount(): void {
		this.#isUncounted = true;
		this.#start();
	}

	get #hasNews(): boolean {
		return this.#questions.length > 0 || this.#left.length > 0 || this.#isUncounted;
	}

	#start(): void {
		if (!this.#isRunning) void this.#run();
	}

	async #run(): Promise<void> {
		this.#isRunning = true;
		let failures = 0;
		while (this.#hasNews && (this.streams > 0 || failures < MAX_FAREWELLS)) {
			const hasArrived = await this.#report();
			failures = hasArrived ? 0 : failures + 1;
			if (!hasArrived) await scheduler.wait(PAUSE_MILLISECONDS);
		}
		this.#isRunning = false;
	}

	async #report(): Promise<boolean> {
		const { relay, life, origin, logger } = this.#options;
		const questions = this.#questions.splice(0, MAX_STREAMS);
		const members = this.#isUncounted ? this.#members.list() : undefined;
		// Those that have left are not among the members.
		const left = members ? [] : this.#left.splice(0, MAX_STREAMS);
		if (members) this.#left = [];
		this.#isUncounted = false;
		const wanted = questions.map((question) => question.wanted);
		this.#asked = wanted.length;
		try {
			const admissions = await origin().report({ relay, life, left, wanted, ...(members && { members }) });
			for (const [index, question] of questions.entries()) this.#answer(question, admissions[index]);
			return true;
		} catch (error) {
			logger.failure("The origin could not be told of this relay's streams. It is told again.", error);
			this.#isUncounted = true;
			for (const { reject } of questions) reject(unavailable(this.#options.channel, error));
			return false;
		} finally {
			this.#asked = 0;
		}
	}

	#answer({ wanted, resolve, reject }: Question, admission: Admission | undefined): void {
		if (admission?.type === "admitted") {
			this.#members.add(admission.isNamed ? countedBy(wanted.subscription) : UNNAMED);
		}
		if (admission) resolve(admission);
		else reject(unavailable(this.#options.channel, "The origin has not answered."));
	}
}

/** The origin cannot be reached: it is restarting, or cut off. */
export function unavailable(channel: string, cause: unknown): Problem {
	return new Problem("channel_unavailable", `The channel ${channel} could not be reached just now. Try again.`, {
		cause,
	});
}
