import type { Audience } from "../../audience/audience.ts";
import type { Counts } from "../../audience/counts.ts";
import { Problem } from "../../errors.ts";
import type { IdempotencyKeys } from "../../log/idempotency.ts";
import type { Log } from "../../log/log.ts";
import { hasEnded, MISMATCH } from "../../log/writer.ts";
import { Logger } from "../../logger.ts";
import type { LivePublish } from "../../wire/live/live-link.ts";
import type { LiveReceipt } from "../../wire/receipt.ts";
import type { Idle } from "../idle.ts";
import type { Publishing } from "../publishing.ts";
import { type Revocations, revoked } from "../revocations.ts";
import { Unanswered } from "../unanswered.ts";
import type { LeaseWatch } from "./lease-watch.ts";
import { type Keyed, LiveBody } from "./live-body.ts";
import { Unfinished } from "./unfinished.ts";

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
	log: Log;
	keys: IdempotencyKeys;
}

/** The live publishes of a channel. Their bodies keep the object awake. */
export class LivePublishes {
	readonly #options: LivePublishesOptions;
	readonly #open = new Map<LiveBody, LivePublish>();
	/** The newest with each idempotency key. */
	readonly #byKey = new Map<string, LiveBody>();
	readonly #all = new Unanswered(ALL_LIMITS);
	readonly #unfinished = new Unfinished();

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
			const logger = new Logger({ request: publish.request, channel, publisher: publish.publishKey });
			logger.outcome("A live publish ended.", status, problem, { events, milliseconds: Date.now() - startedAt });
		};
		try {
			await lease.came(publish.lease);
			const keyed = await this.#keyed(publish, live);
			// Who repeats what was done before the end gets the same answer.
			if (this.#options.log.ended && !keyed?.before) live.stop(new Problem("channel_ended", hasEnded(channel)));
			const { stored, isReplayed } = await live.run(keyed);
			log(201, stored.events);
			const receipt: LiveReceipt = { channel, ...stored, subscribers: audience.streams };
			return Response.json(receipt, { status: 201, headers: isReplayed ? { "Idempotent-Replayed": "true" } : {} });
		} catch (error) {
			const problem = Problem.of(error);
			log(problem.status, problem.stored ?? 0, problem);
			throw problem;
		} finally {
			stopExpiry();
			this.#leave(publish, live);
			await lease.left(publish.lease);
		}
	}

	/**
	 * Takes over from an earlier request with the same idempotency key whose end was not noticed, and looks up what it has
	 * stored.
	 */
	async #keyed({ key }: LivePublish, live: LiveBody): Promise<Keyed | undefined> {
		if (key === undefined) return undefined;
		const { log, keys } = this.#options;
		const former = this.#byKey.get(key);
		this.#byKey.set(key, live);
		former?.stop(new Problem("invalid_request", "A newer request with the same Idempotency-Key has taken over."));
		await former?.settled;
		const now = Date.now();
		if (!log.isBorn) return { key, before: undefined };
		// The key of a publish that was not live.
		if (keys.find(key, now)) live.stop(new Problem("idempotency_mismatch", MISMATCH));
		return { key, before: keys.findLive(key, now) };
	}

	#leave({ key }: LivePublish, live: LiveBody): void {
		this.#open.delete(live);
		if (key !== undefined && this.#byKey.get(key) === live) this.#byKey.delete(key);
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
			unfinished: this.#unfinished,
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
