/**
 * Work that arrives while an earlier group is on its way to disk waits and goes together: one transaction and one sync
 * for all of it. A group starts at once when nothing is under way, so that a lone request never waits for company.
 */

/** How much may go together, and how much may wait. */
export interface GroupLimits {
	/** The most requests in one group; it bounds how long a transaction may take. */
	requests: number;
	/** The most weight in one group. A heavier request goes alone. */
	weight: number;
	/** The most requests that may wait; past it, one is turned away. */
	waitingRequests: number;
	/** The most weight that may wait. */
	waitingWeight: number;
}

interface Waiting<Request, Answer> {
	request: Request;
	weight: number;
	answer: PromiseWithResolvers<Answer>;
}

export class GroupCommit<Request, Answer> {
	readonly #limits: GroupLimits;
	readonly #commit: (group: Request[]) => Promise<Answer[]>;
	#waiting: Waiting<Request, Answer>[] = [];
	#waitingWeight = 0;
	#running = false;

	/** @param commit carries out a group and answers each request, in order. When it throws, the whole group fails. */
	constructor(limits: GroupLimits, commit: (group: Request[]) => Promise<Answer[]>) {
		this.#limits = limits;
		this.#commit = commit;
	}

	/** Whether there is no room for another request. */
	get isFull(): boolean {
		const { waitingRequests, waitingWeight } = this.#limits;
		return this.#waiting.length >= waitingRequests || this.#waitingWeight >= waitingWeight;
	}

	/** Whether nothing waits and nothing is under way. */
	get isIdle(): boolean {
		return !this.#running;
	}

	/** Carries out a request with whatever else is waiting. */
	submit(request: Request, weight: number): Promise<Answer> {
		const answer = Promise.withResolvers<Answer>();
		this.#waiting.push({ request, weight, answer });
		this.#waitingWeight += weight;
		if (!this.#running) void this.#run();
		return answer.promise;
	}

	async #run(): Promise<void> {
		this.#running = true;
		while (this.#waiting.length > 0) {
			const group = this.#next();
			try {
				const answers = await this.#commit(group.map(({ request }) => request));
				group.forEach(({ answer }, index) => void answer.resolve(answers[index] as Answer));
			} catch (error) {
				for (const { answer } of group) answer.reject(error);
			}
		}
		this.#running = false;
	}

	#next(): Waiting<Request, Answer>[] {
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
