/**
 * Group commit: requests that arrive while a commit is in flight form the next group, and share one transaction and one
 * sync. When no commit is in flight, a request is committed at once, so a lone request has no added latency.
 */

/** The limits of a group and of the requests that wait for one. A weight is in whatever unit the caller of `submit` uses. */
export interface GroupLimits {
	/** The maximum number of requests in a group, which bounds the duration of a transaction. */
	requests: number;
	/** The maximum weight of a group. A heavier request forms a group of its own. */
	weight: number;
	/** The number of waiting requests at which the queue is full. */
	waitingRequests: number;
	/** The weight of waiting requests at which the queue is full. */
	waitingWeight: number;
}

/** A request, and who is told its answer. Neither of the two may throw. */
export interface Submission<Request, Answer> {
	request: Request;
	weight: number;
	resolve: (answer: Answer) => void;
	reject: (error: unknown) => void;
}

export class GroupCommit<Request, Answer> {
	readonly #limits: GroupLimits;
	readonly #commit: (group: Request[]) => Promise<Answer[]>;
	readonly #gather: () => Promise<void> | undefined;
	#waiting: Submission<Request, Answer>[] = [];
	#waitingWeight = 0;
	/** What waits for room in the queue. */
	#held: Submission<Request, Answer>[] = [];
	#running = false;

	/**
	 * @param commit commits a group, and returns the answer to each request, in order. When it throws, all of them fail.
	 * @param gather lets more requests come before a group is formed, unless it returns `undefined`. Default: it does not.
	 */
	constructor(
		limits: GroupLimits,
		commit: (group: Request[]) => Promise<Answer[]>,
		gather: () => Promise<void> | undefined = () => undefined,
	) {
		this.#limits = limits;
		this.#commit = commit;
		this.#gather = gather;
	}

	/** Whether the queue is full. The caller must then refuse requests: `submit` accepts them all. */
	get isFull(): boolean {
		const { waitingRequests, waitingWeight } = this.#limits;
		return this.#waiting.length >= waitingRequests || this.#waitingWeight >= waitingWeight;
	}

	/** Whether no commit is in flight, and the queue is empty. */
	get isIdle(): boolean {
		return !this.#running;
	}

	/** Queues requests. Those that are queued together share a group, as far as its limits allow. */
	submit(submissions: readonly Submission<Request, Answer>[]): void {
		for (const submission of submissions) this.#enqueue(submission);
		if (!this.#running) void this.#run();
	}

	/** Queues a request, once the queue is not full. The caller bounds how many wait for that. */
	submitWhenRoom(submission: Submission<Request, Answer>): void {
		if (this.isFull || this.#held.length > 0) this.#held.push(submission);
		else this.submit([submission]);
	}

	async #run(): Promise<void> {
		this.#running = true;
		while (this.#waiting.length > 0) {
			const gathering = this.#gather();
			if (gathering) await gathering;
			await this.#commitNext();
		}
		this.#running = false;
	}

	async #commitNext(): Promise<void> {
		const group = this.#next();
		this.#admit();
		let answers: Answer[];
		try {
			answers = await this.#commit(group.map(({ request }) => request));
		} catch (error) {
			for (const { reject } of group) reject(error);
			return;
		}
		for (const [index, { resolve }] of group.entries()) resolve(answers[index] as Answer);
	}

	/** A queue that was full has requests, so that it is running for as long as others wait for room. */
	#admit(): void {
		let admitted = 0;
		for (const submission of this.#held) {
			if (this.isFull) break;
			this.#enqueue(submission);
			admitted += 1;
		}
		if (admitted > 0) this.#held.splice(0, admitted);
	}

	#enqueue(submission: Submission<Request, Answer>): void {
		this.#waiting.push(submission);
		this.#waitingWeight += submission.weight;
	}

	#next(): Submission<Request, Answer>[] {
		const { requests, weight } = this.#limits;
		let count = 0;
		let total = 0;
		for (const waiting of this.#waiting) {
			if (count >= requests || (count > 0 && total + waiting.weight > weight)) break;
			count += 1;
			total += waiting.weight;
		}
		this.#waitingWeight -= total;
		return this.#waiting.splice(0, count);
	}
}
