import type { Audience } from "../audience/audience.ts";
import { GroupCommit, type GroupLimits } from "../log/group-commit.ts";
import type { Write, Writer } from "../log/writer.ts";
import type { PublishOutcome } from "../wire/calls.ts";
import type { EndReason } from "../wire/control.ts";

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
	/** Lets more publishes come before a group is formed, unless it returns `undefined`. */
	gather: () => Promise<void> | undefined;
}

/** A publish, and who is told its outcome. */
export interface Publish {
	request: Write;
	resolve: (outcome: PublishOutcome) => void;
	reject: (error: unknown) => void;
}

/** The publish pipeline: backpressure, group commit, fan-out. */
export class Publishing {
	readonly #channel: string;
	readonly #writer: Writer;
	readonly #audience: Audience;
	readonly #commits: GroupCommit<Write, PublishOutcome>;

	constructor({ channel, writer, audience, gather }: PublishingOptions) {
		this.#channel = channel;
		this.#writer = writer;
		this.#audience = audience;
		this.#commits = new GroupCommit(GROUP_LIMITS, (group) => this.#commit(group), gather);
	}

	/** Whether no publish is in progress. */
	get isIdle(): boolean {
		return this.#commits.isIdle;
	}

	/**
	 * Stores the events of publishes durably, and starts their fan-out. They are stored in this order; what is submitted
	 * together is committed together, as far as the limits of a group allow.
	 */
	submit(publishes: readonly Publish[]): void {
		if (!this.#commits.isFull) {
			this.#commits.submit(publishes.map((publish) => ({ ...publish, weight: weightOf(publish.request) })));
			return;
		}
		const detail = `The channel ${this.#channel} has too many publishes waiting. Slow down, or send batches.`;
		for (const publish of publishes) publish.resolve({ ok: false, code: "rate_limited", detail });
	}

	/** Stores the events of one publish. */
	publish(request: Write): Promise<PublishOutcome> {
		return new Promise((resolve, reject) => this.submit([{ request, resolve, reject }]));
	}

	/** Ends the channel, after everything that was submitted before. */
	end(reason: EndReason): Promise<PublishOutcome> {
		return this.publishWhenRoom({ events: [], end: true, endReason: reason });
	}

	/** Stores the events of one publish. Where too many wait, it waits for its turn. The caller bounds how many do. */
	publishWhenRoom(request: Write): Promise<PublishOutcome> {
		return new Promise((resolve, reject) => {
			this.#commits.submitWhenRoom({ request, weight: weightOf(request), resolve, reject });
		});
	}

	async #commit(group: Write[]): Promise<PublishOutcome[]> {
		await this.#audience.room();
		const { outcomes, stored } = await this.#writer.write(group, this.#audience.streams);
		this.#audience.deliver(stored);
		return outcomes;
	}
}

function weightOf({ events }: Write): number {
	return events.reduce((sum, { data }) => sum + data.length, 0);
}
