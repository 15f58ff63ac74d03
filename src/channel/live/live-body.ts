import { Problem } from "../../errors.ts";
import type { LiveProgress } from "../../log/live-keys.ts";
import type { NewEvent } from "../../wire/event.ts";
import { BodyParser, type LiveType } from "../../wire/live/body-parser.ts";
import { BodyReader } from "./body-reader.ts";
import { LiveWriter, type Stored } from "./live-writer.ts";
import { Repeat } from "./repeat.ts";
import type { Unfinished } from "./unfinished.ts";

/** How much is parsed before there has to be room for it. */
const PIECE_BYTES = 16_384;

interface LiveBodyOptions {
	type: LiveType;
	/** `null`: it is empty. */
	body: ReadableStream<Uint8Array> | null;
	maxEventBytes: number;
	/** Whether the channel ends with the body. One that breaks off does not end it. */
	end: true | undefined;
	/** What all live publishes of the channel hold. */
	unfinished: Unfinished;
	writer: Omit<ConstructorParameters<typeof LiveWriter>[0], "failed">;
}

/** An idempotency key, and what earlier requests with it have stored. */
export interface Keyed {
	key: string;
	before: LiveProgress | undefined;
}

/** How a live publish went. */
interface Finished {
	stored: Stored;
	/** Whether an earlier request with the same key had stored everything. */
	isReplayed: boolean;
}

/** Reads the body of a live publish as it arrives, no faster than its events are stored. */
export class LiveBody {
	readonly #reader: BodyReader;
	readonly #parser: BodyParser;
	readonly #writer: LiveWriter;
	readonly #end: true | undefined;
	readonly #settled = Promise.withResolvers<void>();
	#repeat: Repeat | undefined;
	readonly #unfinished: Unfinished;
	#held = 0;
	#parsed: NewEvent[] = [];
	#isRead = false;
	#problem: Problem | undefined;

	constructor({ type, body, maxEventBytes, end, unfinished, writer }: LiveBodyOptions) {
		this.#reader = new BodyReader(body);
		this.#end = end;
		this.#unfinished = unfinished;
		this.#parser = new BodyParser(type, maxEventBytes, (event) => void this.#parsed.push(event));
		this.#writer = new LiveWriter({ ...writer, failed: (problem) => this.#fail(problem) });
	}

	/**
	 * Reads the body to its end, or as far as it can be stored.
	 *
	 * @param keyed absent without an idempotency key.
	 * @throws Problem which has the number of events that are stored. They stay.
	 */
	async run(keyed: Keyed | undefined): Promise<Finished> {
		if (keyed) this.#resume(keyed);
		try {
			await this.#read();
			await this.#writer.finish(this.#problem ? undefined : this.#end);
		} finally {
			this.#hold(0);
			this.#settled.resolve();
		}
		const { stored, isReplayed } = this.#writer;
		if (!this.#problem) return { stored, isReplayed };
		await this.#reader.discard();
		const { code, detail, cause } = this.#problem;
		const isOther = code === "idempotency_mismatch";
		throw new Problem(code, detail, { cause, stored: isOther ? 0 : stored.events });
	}

	/** Resolves when nothing more will be stored. */
	get settled(): Promise<void> {
		return this.#settled.promise;
	}

	/** Reads no further, unless all was read. What has come so far is stored. */
	stop(problem: Problem): void {
		if (!this.#isRead) this.#fail(problem);
	}

	#resume({ key, before }: Keyed): void {
		const repeat = new Repeat(before);
		this.#repeat = repeat;
		this.#writer.resume(before, (last) => ({ key, digest: repeat.digestUpTo(last) }));
	}

	#fail(problem: Problem): void {
		if (this.#problem) return;
		this.#problem = problem;
		this.#reader.interrupt();
	}

	async #read(): Promise<void> {
		while (!this.#problem) {
			const chunk = await this.#next();
			if (this.#problem) return;
			if (!chunk) {
				this.#isRead = true;
				await this.#take(() => this.#parser.end());
				if (!this.#problem) this.#try(() => this.#repeat?.end());
				return;
			}
			for (let at = 0; at < chunk.byteLength && !this.#problem; at += PIECE_BYTES) {
				await this.#take(() => this.#parser.feed(chunk.subarray(at, at + PIECE_BYTES)));
				await this.#writer.room();
			}
		}
	}

	/** The next chunk; `undefined` at the end of the body, which its sender meant to be there. */
	async #next(): Promise<Uint8Array | undefined> {
		try {
			return await this.#reader.next();
		} catch (cause) {
			const detail = "The body broke off before its end. Send the rest again.";
			this.#fail(new Problem("invalid_request", detail, { cause }));
			return undefined;
		}
	}

	/** Stores what is parsed. What comes before an error is stored as well. */
	async #take(parse: () => void): Promise<void> {
		this.#try(parse);
		this.#try(() => this.#hold(this.#parser.heldCharacters));
		const events = this.#parsed;
		this.#parsed = [];
		try {
			this.#writer.add(this.#repeat ? await this.#repeat.pass(events) : events);
		} catch (error) {
			this.#fail(Problem.of(error));
		}
	}

	#hold(characters: number): void {
		const more = characters - this.#held;
		this.#held = characters;
		this.#unfinished.add(more);
	}

	#try(work: () => void): void {
		try {
			work();
		} catch (error) {
			this.#fail(Problem.of(error));
		}
	}
}
