import { Problem } from "../../errors.ts";
import type { LiveProgress } from "../../log/live-keys.ts";
import type { LiveMark, Write } from "../../log/writer.ts";
import type { PublishOutcome } from "../../wire/calls.ts";
import type { NewEvent } from "../../wire/event.ts";
import { Gathering } from "../gathering.ts";
import { Linger } from "../linger.ts";
import { Unanswered } from "../unanswered.ts";

/** What one live publish may hold that is not stored yet. */
const OWN_LIMITS = { messages: 1024, characters: 1_048_576 };
/** What is stored with one publish. A single event may be larger. */
const MAX_EVENTS = 500;
const MAX_CHARACTERS = 262_144;

interface LiveWriterOptions {
	/** Stores events once there is room. It is called for one publish at a time. */
	publish: (request: Write) => Promise<PublishOutcome>;
	/** How long an event waits for others, in milliseconds. */
	linger: number;
	/** The head that the channel must have when the first events are stored. */
	ifHead: string | undefined;
	/** What all live publishes of the channel hold. */
	all: Unanswered;
	/** Events were stored. */
	stored: (events: number, milliseconds: number) => void;
	/** They could not be, and no more will be. */
	failed: (problem: Problem) => void;
}

/** Returns the idempotency key, and the digest of the events up to one, or of all of them. */
type Mark = (last: NewEvent | undefined) => Pick<LiveMark, "key" | "digest">;

/** What a live publish has stored. */
export interface Stored {
	/** The ids of the first and the last event; `null` if there are none. */
	first: string | null;
	last: string | null;
	events: number;
}

/**
 * Stores the events of a live publish in their order. Those that come together, or while others are being stored, are
 * stored together.
 */
export class LiveWriter {
	readonly #options: LiveWriterOptions;
	readonly #own = new Unanswered(OWN_LIMITS);
	readonly #linger: Linger<NewEvent>;
	/** A commit costs more than all events in it, and many channels may have a live body: each time, others are waited for. */
	readonly #gathering = new Gathering(0);
	/** What is stored next. */
	#ready: NewEvent[] = [];
	#isRunning = false;
	#run = Promise.resolve();
	/** Resolves when what is being stored is, or could not be. */
	#progress = Promise.withResolvers<void>();
	#stored: Stored = { first: null, last: null, events: 0 };
	#hasStored = false;
	/** What earlier requests with the same idempotency key have stored. */
	#before: LiveProgress | undefined;
	#mark: Mark | undefined;
	#hasFailed = false;

	constructor(options: LiveWriterOptions) {
		this.#options = options;
		this.#linger = new Linger(options.linger, (events) => this.#submit(events));
	}

	/** Goes on after what earlier requests with the same idempotency key have stored, before anything is added. */
	resume(before: LiveProgress | undefined, mark: Mark): void {
		const { first = null, last = null, events = 0 } = before ?? {};
		this.#stored = { first, last, events };
		this.#before = before;
		this.#mark = mark;
	}

	/** Whether an earlier request has done everything already. */
	get isReplayed(): boolean {
		return this.#before !== undefined && !this.#hasStored;
	}

	/** What the publish has stored, together with earlier requests. */
	get stored(): Stored {
		return this.#stored;
	}

	add(events: NewEvent[]): void {
		if (this.#hasFailed) return;
		this.#gathering.came();
		for (const { data } of events) this.#hold(data.length);
		this.#linger.add(events);
		if (this.#isFull) this.#linger.flush();
	}

	/** Resolves when more may be added. */
	async room(): Promise<void> {
		while (this.#isFull) await this.#progress.promise;
	}

	/**
	 * Resolves when everything is stored, or could not be.
	 *
	 * @param end whether the channel ends then.
	 */
	async finish(end: true | undefined): Promise<void> {
		this.#linger.end();
		await this.#run;
		if (end && !this.#hasFailed && !this.#before?.hasEnded) await this.#store({ events: [], end }, Date.now());
	}

	get #isFull(): boolean {
		const { all } = this.#options;
		// Whoever holds nothing may go on: otherwise others could hold it back for ever.
		return !this.#own.hasRoomFor(0) || (!all.hasRoomFor(0) && this.#own.hasAny);
	}

	#submit(events: NewEvent[]): void {
		this.#ready.push(...events);
		if (!this.#isRunning) this.#run = this.#storeAll();
	}

	async #storeAll(): Promise<void> {
		this.#isRunning = true;
		while (this.#ready.length > 0) {
			const arrivedAt = Date.now();
			const gathering = this.#gathering.begin();
			if (gathering) await gathering;
			const events = this.#next();
			if (!this.#hasFailed) await this.#store({ events }, arrivedAt);
			for (const { data } of events) this.#release(data.length);
			this.#progress.resolve();
			this.#progress = Promise.withResolvers();
		}
		this.#isRunning = false;
	}

	#next(): NewEvent[] {
		let count = 0;
		let characters = 0;
		for (const { data } of this.#ready) {
			characters += data.length;
			if (count === MAX_EVENTS || (count > 0 && characters > MAX_CHARACTERS)) break;
			count += 1;
		}
		return this.#ready.splice(0, count);
	}

	async #store(write: Write, arrivedAt: number): Promise<void> {
		const { publish, stored } = this.#options;
		let outcome: PublishOutcome;
		try {
			outcome = await publish({ ...write, ...this.#terms(write.events) });
		} catch (cause) {
			const detail = "The events could not be stored just now. Send the rest again.";
			this.#fail(new Problem("channel_unavailable", detail, { cause }));
			return;
		}
		if (!outcome.ok) {
			this.#fail(new Problem(outcome.code, outcome.detail));
			return;
		}
		const { ids } = outcome.receipt;
		const [first = null] = ids;
		this.#stored = {
			first: this.#stored.first ?? first,
			last: ids.at(-1) ?? this.#stored.last,
			events: this.#stored.events + ids.length,
		};
		this.#hasStored = true;
		stored(ids.length, Date.now() - arrivedAt);
	}

	/** The condition of the first events, and how far the publish has come with these. */
	#terms(events: NewEvent[]): Pick<Write, "ifHead" | "live"> {
		const { ifHead } = this.#options;
		const isFirst = !this.#before && !this.#hasStored;
		return {
			...(ifHead !== undefined && isFirst && { ifHead }),
			...(this.#mark && { live: { ...this.#mark(events.at(-1)), before: this.#stored } }),
		};
	}

	#fail(problem: Problem): void {
		this.#hasFailed = true;
		this.#options.failed(problem);
	}

	#hold(characters: number): void {
		this.#own.add(characters);
		this.#options.all.add(characters);
	}

	#release(characters: number): void {
		this.#own.remove(characters);
		this.#options.all.remove(characters);
	}
}
