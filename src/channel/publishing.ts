import type { Audience } from "../audience/audience.ts";
import type { FanOut } from "../audience/fan-out.ts";
import { GroupCommit, type GroupLimits } from "../log/group-commit.ts";
import type { Writer } from "../log/writer.ts";
import type { PublishOutcome, PublishRequest } from "../wire/calls.ts";

/**
 * Weights are characters of data: `weight` bounds what a group adds to each backlog, `waitingWeight` what waits in
 * memory.
 */
const GROUP_LIMITS: GroupLimits = {
	requests: 500,
	weight: 262_144,
	waitingRequests: 10_000,
	waitingWeight: 33_554_432,
};

interface PublishingOptions {
	channel: string;
	writer: Writer;
	audience: Audience;
	fanOut: FanOut;
}

/** The publish pipeline: backpressure, group commit, fan-out. */
export class Publishing {
	readonly #channel: string;
	readonly #writer: Writer;
	readonly #audience: Audience;
	readonly #fanOut: FanOut;
	readonly #commits: GroupCommit<PublishRequest, PublishOutcome>;

	constructor({ channel, writer, audience, fanOut }: PublishingOptions) {
		this.#channel = channel;
		this.#writer = writer;
		this.#audience = audience;
		this.#fanOut = fanOut;
		this.#commits = new GroupCommit(GROUP_LIMITS, (group) => this.#commit(group));
	}

	/** Whether no publish is in progress. */
	get isIdle(): boolean {
		return this.#commits.isIdle;
	}

	/** Stores events durably, starts their fan-out and returns their ids. */
	async publish(request: PublishRequest): Promise<PublishOutcome> {
		if (this.#commits.isFull) {
			const detail = `The channel ${this.#channel} has too many publishes waiting. Slow down, or send batches.`;
			return { ok: false, code: "rate_limited", detail };
		}
		const weight = request.events.reduce((sum, { data }) => sum + data.length, 0);
		return await this.#commits.submit(request, weight);
	}

	async #commit(group: PublishRequest[]): Promise<PublishOutcome[]> {
		await this.#fanOut.room();
		const { outcomes, stored } = await this.#writer.write(group, this.#audience.size);
		this.#fanOut.push(stored);
		return outcomes;
	}
}
