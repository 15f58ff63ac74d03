import type { Audience } from "../../audience/audience.ts";
import type { Counts } from "../../audience/counts.ts";
import { Problem } from "../../errors.ts";
import { Logger } from "../../logger.ts";
import type { LivePublish } from "../../wire/live/live-link.ts";
import type { LiveReceipt } from "../../wire/receipt.ts";
import type { Idle } from "../idle.ts";
import type { Publishing } from "../publishing.ts";
import { type Revocations, revoked } from "../revocations.ts";
import { Unanswered } from "../unanswered.ts";
import type { LeaseWatch } from "./lease-watch.ts";
import { LiveBody } from "./live-body.ts";

/** How many there may be at once. */
const MAX_BODIES = 1000;
/** What all of them may hold that is not stored yet. */
const ALL_LIMITS = { messages: 32_768, characters: 8_388_608 };
/** Timers take no more. */
const MAX_TIMER_MILLISECONDS = 2 ** 31 - 1;

export interface LivePublishesOptions {
	channel: string;
	maxEventBytes: number;
	publishing: Publishing;
	audience: Audience;
	counts: Counts;
	revocations: Revocations;
	idle: Idle;
	lease: LeaseWatch;
}

/** The live publishes of a channel. Their bodies keep the object awake. */
export class LivePublishes {
	readonly #options: LivePublishesOptions;
	readonly #open = new Map<LiveBody, LivePublish>();
	readonly #all = new Unanswered(ALL_LIMITS);

	constructor(options: LivePublishesOptions) {
		this.#options = options;
	}

	/**
	 * Stores what a body brings, until it ends.
	 *
	 * @throws Problem which has the number of events that are stored, unless it is refused at once.
	 */
	async publish(publish: LivePublish, body: ReadableStream<Uint8Array> | null): Promise<Response> {
		const { channel, audience, lease } = this.#options;
		this.#refuse(publish);
		const live = this.#bodyOf(publish, body);
		this.#open.set(live, publish);
		const stopExpiry = this.#expire(live, publish);
		const startedAt = Date.now();
		const log = (status: number, events: number, problem?: Problem) => {
			const logger = new Logger({ request: publish.request, channel, publisher: publish.key });
			logger.outcome("A live publish ended.", status, problem, { events, milliseconds: Date.now() - startedAt });
		};
		try {
			await lease.came(publish.lease);
			const stored = await live.run();
			log(201, stored.events);
			return Response.json({ channel, ...stored, subscribers: audience.size } satisfies LiveReceipt, { status: 201 });
		} catch (error) {
			const problem = Problem.of(error);
			log(problem.status, problem.stored ?? 0, problem);
			throw problem;
		} finally {
			stopExpiry();
			this.#open.delete(live);
			await lease.left(publish.lease);
		}
	}

	/** Ends those of a user whose credentials were revoked. */
	endRevoked(now: number): void {
		for (const [live, publish] of this.#open) {
			if (this.#isRevoked(publish, now)) live.stop(revoked(this.#options.channel));
		}
	}

	#refuse(publish: LivePublish): void {
		const { channel } = this.#options;
		if (this.#isRevoked(publish, Date.now())) throw revoked(channel);
		if (this.#open.size < MAX_BODIES) return;
		throw new Problem("channel_full", `The channel ${channel} has ${MAX_BODIES} live publishes. Try again later.`);
	}

	#bodyOf({ type, linger, ifHead, end, lease }: LivePublish, body: ReadableStream<Uint8Array> | null): LiveBody {
		const { maxEventBytes, publishing, counts } = this.#options;
		return new LiveBody({
			type,
			body,
			maxEventBytes,
			end,
			writer: {
				publish: (request) => {
					return publishing.publishWhenRoom({ ...request, ...(lease !== undefined && { lease }) });
				},
				linger,
				ifHead,
				all: this.#all,
				stored: (events, milliseconds) => {
					if (events > 0) counts.publishedUnseen(events, milliseconds);
					void this.#keepAlarm();
				},
			},
		});
	}

	async #keepAlarm(): Promise<void> {
		await this.#options.idle.beginUnlessAlarmSet(Date.now());
		await this.#options.lease.keep();
	}

	/** Ends a live publish with its credentials. Returns a function that takes this back. */
	#expire(live: LiveBody, { endsAt }: LivePublish): () => void {
		if (endsAt === undefined) return () => undefined;
		const check = () => {
			if (endsAt <= Date.now()) live.stop(expired());
			else timer = setTimeout(check, Math.min(endsAt - Date.now(), MAX_TIMER_MILLISECONDS));
		};
		let timer: number | null = null;
		check();
		return () => clearTimeout(timer);
	}

	#isRevoked({ user, issuedAt }: LivePublish, now: number): boolean {
		return user !== undefined && this.#options.revocations.covers(user, issuedAt, now);
	}
}

function expired(): Problem {
	return new Problem("token_expired", "The token has expired. Get a new one, and send the rest with it.");
}
