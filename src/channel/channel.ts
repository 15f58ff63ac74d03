import { DurableObject } from "cloudflare:workers";
import { type Config, readConfig, type SettingsEnv } from "../config.ts";
import { Problem } from "../errors.ts";
import { formatCursor } from "../sse/cursor.ts";
import { envelopeJson } from "../sse/event.ts";
import { Audience, type ListedSubscriber } from "./audience.ts";
import { Backpressure } from "./backpressure.ts";
import { IdempotencyKeys } from "./idempotency.ts";
import { Log } from "./log.ts";
import { type ObserverHooks, Observers } from "./observers.ts";
import { Publishing, type PublishOutcome, type PublishRequest } from "./publishing.ts";
import { Replay } from "./replay.ts";
import { Revocations } from "./revocations.ts";
import type { Renewal, Stream, Subscription } from "./stream.ts";

/** Alarms that fall due closer together than this are one. */
const ALARM_PACE_MILLISECONDS = 250;

/** How often, and how far apart, a user's streams are written to when there seem to be too many: the second write fails. */
const PROBE_WRITES = 3;
const PROBE_MILLISECONDS = 50;

/** How soon a channel that may not be forgotten yet is looked at again. */
const REST_MILLISECONDS = 60 * 60 * 1000;

const STREAM_HEADERS = {
	"Content-Type": "text/event-stream",
	"Cache-Control": "no-store, no-transform",
	"X-Accel-Buffering": "no",
};

/** How a channel stands. Before anybody has subscribed or published, `head` is `"0"`. */
export interface ChannelState {
	channel: string;
	head: string;
	oldest: string | null;
	buffered: number;
	subscribers: number;
}

/** Which streams an administrator ends: all of a user's, and what else the user could open, or a single one. */
export type EndedSubscribers = { user: string } | { connection: string };

/** Whether a stream lives on, and until when, in unix seconds. */
export type RenewalOutcome =
	| { ok: true; expires: number }
	| { ok: false; reason: "not_found" | "another_user" | "revoked" };

/**
 * One channel: its log, its open streams, its heartbeat. A Durable Object, so there is exactly one of each.
 *
 * It decides when and in which order, never who: whatever reaches it was verified by the Worker.
 */
export class ChannelObject<Env extends SettingsEnv = SettingsEnv> extends DurableObject<Env> {
	readonly #config: Config;
	readonly #log: Log;
	readonly #keys: IdempotencyKeys;
	readonly #revocations: Revocations;
	readonly #audience: Audience;
	readonly #replay: Replay;
	readonly #publishing: Publishing;
	#alarmAt: number | undefined;

	constructor(ctx: DurableObjectState, env: Env, hooks: ObserverHooks = {}) {
		super(ctx, env);
		this.#config = readConfig(env);
		const { REPLAY_EVENTS, REPLAY_SECONDS, HEARTBEAT_SECONDS, MAX_BACKLOG_BYTES, RETRY_MILLISECONDS } = this.#config;
		this.#log = new Log(ctx.storage, { events: REPLAY_EVENTS, seconds: REPLAY_SECONDS });
		this.#keys = new IdempotencyKeys(ctx.storage.sql);
		this.#revocations = new Revocations(ctx.storage.sql);
		this.#audience = new Audience(this.#name, HEARTBEAT_SECONDS, new Observers(hooks), {
			emptied: () => void this.#rest(),
			catchUp: (stream, now) => this.#replay.catchUp(stream, now),
		});
		this.#replay = new Replay(this.#name, this.#log, {
			maxBacklogBytes: MAX_BACKLOG_BYTES,
			retryMilliseconds: RETRY_MILLISECONDS,
		});
		const backpressure = new Backpressure(this.#audience, MAX_BACKLOG_BYTES);
		this.#publishing = new Publishing({
			name: this.#name,
			log: this.#log,
			keys: this.#keys,
			subscribers: () => this.#audience.size,
			transaction: (work) => this.#transaction(work),
			sync: () => this.#sync(),
			deliver: (events) => {
				this.#audience.deliver(events, Date.now());
				backpressure.delivered(events);
				if (this.#audience.hasFallen) void this.#setAlarm();
			},
			room: () => backpressure.room(),
		});
		void ctx.blockConcurrencyWhile(async () => {
			this.#alarmAt = (await ctx.storage.getAlarm()) ?? undefined;
		});
	}

	/** Opens a stream. Its response goes to the client as it is, without the Worker in between. */
	override async fetch(request: Request): Promise<Response> {
		try {
			const stream = await this.#open((await request.json()) as Subscription);
			return new Response(stream.body, { headers: STREAM_HEADERS });
		} catch (error) {
			if (error instanceof Problem) return error.toResponse();
			throw error;
		}
	}

	/** Appends events, waits until they are on disk, delivers them and says where they stand. */
	async publish(request: PublishRequest): Promise<PublishOutcome> {
		const outcome = await this.#publishing.publish(request);
		if (this.#alarmAt === undefined) await this.#rest();
		return outcome;
	}

	/** How the channel stands. */
	state(): ChannelState {
		const oldest = this.#log.oldest(Date.now());
		return {
			channel: this.#name,
			head: formatCursor(this.#log.head),
			oldest: oldest === undefined ? null : formatCursor(oldest),
			buffered: oldest === undefined ? 0 : this.#log.head - oldest + 1,
			subscribers: this.#audience.size,
		};
	}

	/** The remembered events after a position, at most `limit` of them, as a JSON array. */
	eventsJson(after: number, limit: number): string {
		const events = this.#log.read(after, Date.now()).take(limit);
		return `[${[...events.map((event) => envelopeJson(event, this.#name))].join(",")}]`;
	}

	/** Who has a stream open. */
	subscribers(): ListedSubscriber[] {
		return this.#audience.list();
	}

	/**
	 * Ends streams for good. What was issued to a user until now opens the channel no more for a day.
	 *
	 * @returns how many streams were ended.
	 */
	async endSubscribers(which: EndedSubscribers): Promise<number> {
		const now = Date.now();
		if ("user" in which) {
			this.#log.birth(now);
			this.#revocations.add(which.user, now);
			// Those who are gone must not come back after a crash.
			await this.#sync();
		}
		const ended = this.#audience.endWhere(
			(stream) => ("user" in which ? stream.subscription.user === which.user : stream.connection === which.connection),
			"revoked",
			now,
		);
		if (this.#alarmAt === undefined) await this.#rest();
		return ended;
	}

	/** Lets an open stream live on with new credentials of the same user. Older ones than it has change nothing. */
	async renew(connection: string, renewal: Renewal): Promise<RenewalOutcome> {
		const stream = this.#audience.find(connection);
		if (!stream) return { ok: false, reason: "not_found" };
		if (stream.subscription.user !== renewal.user) return { ok: false, reason: "another_user" };
		if (this.#revocations.covers(renewal.user, renewal.issuedAt, Date.now())) return { ok: false, reason: "revoked" };
		if (renewal.endsAt > stream.subscription.endsAt) stream.renew(renewal);
		await this.#setAlarm();
		return { ok: true, expires: stream.subscription.expires };
	}

	/**
	 * Ends all streams and forgets all events. Offsets are not used again; revocations stay.
	 *
	 * @returns how many streams were ended.
	 */
	async wipe(): Promise<number> {
		this.#transaction(() => this.#log.wipe(Date.now()));
		await this.#sync();
		return this.#audience.endWhere(() => true, "shutdown", Date.now());
	}

	/** The heartbeat: beats, warns, ends, and goes on as long as somebody is there. Then it waits to free the storage. */
	override async alarm(): Promise<void> {
		this.#alarmAt = undefined;
		this.#audience.tend(Date.now());
		if (this.#audience.isEmpty) await this.#restOrFree();
		else await this.#setAlarm();
	}

	get #name(): string {
		const { name } = this.ctx.id;
		if (name === undefined) throw new Error("A channel's object must be reached by its name (getByName).");
		return name;
	}

	/** The response waits at the output gate until what was written here is on disk. */
	async #open(subscription: Subscription): Promise<Stream> {
		if (this.#hasMaxConnections(subscription)) await this.#probe(subscription);
		const now = Date.now();
		this.#log.birth(now);
		this.#checkAdmission(subscription, now);
		const stream = this.#replay.start(subscription, now, (stream) => this.#audience.leave(stream));
		this.#audience.join(stream);
		if (this.#log.idleSince !== undefined) this.#log.setIdleSince(undefined);
		await this.#setAlarm();
		return stream;
	}

	#hasMaxConnections({ user }: Pick<Subscription, "user">): boolean {
		return this.#audience.connectionsOf(user) >= this.#config.MAX_CONNECTIONS_PER_USER;
	}

	/** A client that has left is only found by writing to it. Nobody is to be turned away for streams that are dead. */
	async #probe(subscription: Subscription): Promise<void> {
		for (let write = 0; write < PROBE_WRITES && this.#hasMaxConnections(subscription); write += 1) {
			this.#audience.beatUser(subscription.user, Date.now());
			await scheduler.wait(PROBE_MILLISECONDS);
		}
	}

	#checkAdmission({ user, issuedAt }: Subscription, now: number): void {
		const { MAX_SUBSCRIBERS, MAX_CONNECTIONS_PER_USER } = this.#config;
		if (this.#revocations.covers(user, issuedAt, now)) {
			throw new Problem(
				"invalid_token",
				`Your access to the channel ${this.#name} was ended after these credentials were issued. Get new ones.`,
			);
		}
		if (this.#audience.size >= MAX_SUBSCRIBERS) {
			throw new Problem(
				"channel_full",
				`The channel has ${MAX_SUBSCRIBERS} subscribers, as many as it may (MAX_SUBSCRIBERS). Try again later.`,
			);
		}
		if (this.#hasMaxConnections({ user })) {
			throw new Problem(
				"too_many_connections",
				`You have ${MAX_CONNECTIONS_PER_USER} streams of this channel open, as many as you may (MAX_CONNECTIONS_PER_USER). Close one, or share it.`,
			);
		}
	}

	/** All or none, in storage and in memory. */
	#transaction<Result>(work: () => Result): Result {
		try {
			return this.ctx.storage.transactionSync(work);
		} catch (error) {
			this.#log.reload();
			throw error;
		}
	}

	/** Waits for the disk. If it fails, memory and disk may differ: the object starts again from what the disk holds. */
	async #sync(): Promise<void> {
		try {
			await this.ctx.storage.sync();
		} catch (error) {
			this.ctx.abort("The channel's storage could not be written.");
			throw error;
		}
	}

	async #setAlarm(): Promise<void> {
		const due = this.#audience.nextDue();
		if (due === undefined) return;
		const at = Math.max(due, Date.now() + ALARM_PACE_MILLISECONDS);
		if (this.#alarmAt === undefined || at < this.#alarmAt) await this.#setAlarmAt(at);
	}

	async #setAlarmAt(at: number): Promise<void> {
		this.#alarmAt = at;
		await this.ctx.storage.setAlarm(at);
	}

	/** Nobody is here: no heartbeat until somebody comes, only a look at whether the channel is worth keeping. */
	async #rest(): Promise<void> {
		if (!this.#audience.isEmpty || !this.#log.isBorn) return;
		const now = Date.now();
		this.#log.setIdleSince(now);
		await this.#setAlarmAt(now + this.#config.REPLAY_SECONDS * 1000);
	}

	/**
	 * A channel that nobody has used for as long as it remembers events has nothing left that anybody could ask for: it
	 * frees its storage, and costs nothing.
	 */
	async #restOrFree(): Promise<void> {
		const now = Date.now();
		const { idleSince } = this.#log;
		// Streams were open when the object died: their clients are on their way back.
		if (idleSince === undefined) return await this.#rest();
		const restedAt = Math.max(idleSince, this.#log.lastAt) + this.#config.REPLAY_SECONDS * 1000;
		if (now < restedAt) await this.#setAlarmAt(restedAt);
		else if (this.#isForgettable(now)) await this.#free();
		else await this.#setAlarmAt(now + REST_MILLISECONDS);
	}

	#isForgettable(now: number): boolean {
		const holdsPromises = !this.#keys.isEmpty(now) || !this.#revocations.isEmpty(now);
		return !holdsPromises && this.#publishing.isIdle && this.#log.isSurpassedAt(now);
	}

	async #free(): Promise<void> {
		await this.ctx.blockConcurrencyWhile(async () => {
			await this.ctx.storage.deleteAll();
			this.#log.reload();
		});
	}
}
