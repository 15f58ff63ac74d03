/**
 * Work that arrives while an earlier group is on its way to disk waits and goes together: one transaction and one sync
 * for all of it. A group starts at once when nothing is under way, so that a lone request never waits for company.
 */

/** The most requests in one group; it bounds how long a transaction may take. */
const MAX_GROUP = 500;
/** The most requests that may wait; past it, a request is turned away. */
const MAX_WAITING = 10_000;

interface Waiting<Request, Answer> {
	request: Request;
	answer: PromiseWithResolvers<Answer>;
}

export class GroupCommit<Request, Answer> {
	readonly #commit: (group: Request[]) => Promise<Answer[]>;
	#waiting: Waiting<Request, Answer>[] = [];
	#running = false;

	/** @param commit carries out a group and answers each request, in order. When it throws, the whole group fails. */
	constructor(commit: (group: Request[]) => Promise<Answer[]>) {
		this.#commit = commit;
	}

	/** Whether there is no room for another request. */
	get isFull(): boolean {
		return this.#waiting.length >= MAX_WAITING;
	}

	/** Whether nothing waits and nothing is under way. */
	get isIdle(): boolean {
		return !this.#running;
	}

	/** Carries out a request with whatever else is waiting. */
	submit(request: Request): Promise<Answer> {
		const answer = Promise.withResolvers<Answer>();
		this.#waiting.push({ request, answer });
		if (!this.#running) void this.#run();
		return answer.promise;
	}

	async #run(): Promise<void> {
		this.#running = true;
		while (this.#waiting.length > 0) {
			const group = this.#waiting.splice(0, MAX_GROUP);
			try {
				const answers = await this.#commit(group.map(({ request }) => request));
				group.forEach(({ answer }, index) => void answer.resolve(answers[index] as Answer));
			} catch (error) {
				for (const { answer } of group) answer.reject(error);
			}
		}
		this.#running = false;
	}
}
