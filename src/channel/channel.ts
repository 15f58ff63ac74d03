import { DurableObject } from "cloudflare:workers";
import { Audience } from "../audience/audience.ts";
import { Backpressure } from "../audience/backpressure.ts";
import { Counts } from "../audience/counts.ts";
import { Downlink } from "../audience/downlink.ts";
import { type ObserverHooks, Observers } from "../audience/hooks.ts";
import { Pacing } from "../audience/pacing.ts";
import { Replay } from "../audience/replay.ts";
import { Stream } from "../audience/stream.ts";
import type { Subscriber } from "../audience/subscriber.ts";
import { type Config, readConfig, type SettingsEnv } from "../config.ts";
import { Problem } from "../errors.ts";
import { IdempotencyKeys } from "../log/idempotency.ts";
import { Log } from "../log/log.ts";
import { Publishing } from "../log/publishing.ts";
import { Logger } from "../logger.ts";
import { meterOf } from "../metrics/meter.ts";
import type { Measures, MetricsEnv } from "../metrics/metrics-object.ts";
import type { EndedSubscribers, PublishOutcome, PublishRequest, RenewalOutcome } from "../wire/calls.ts";
import { formatCursor } from "../wire/cursor.ts";
import { envelopeJson } from "../wire/event.ts";
import { isJoining, joinResponse, type RelayMessage, requestedSubscription } from "../wire/link.ts";
import type { ListedSubscriber } from "../wire/listed-subscriber.ts";
import type { ChannelState } from "../wire/state.ts";
import type { Renewal, Subscription } from "../wire/subscription.ts";
import { Downlinks } from "./downlinks.ts";
import { Retirement } from "./idle.ts";
import { Admission } from "./limits.ts";
import { Revocations } from "./revocations.ts";

/** Alarms that fall due closer together than this are one. */
const ALARM_PACE_MILLISECONDS = 250;
/** Alarms that fall due later are set again before: they cannot be set for just any time. */
const MAX_ALARM_MILLISECONDS = 24 * 60 * 60 * 1000;

/**
 * One channel: its log, its open streams, its heartbeat. A Durable Object, so there is exactly one of each.
 *
 * It decides when and in which order, never who: whatever reaches it was verified by the Worker.
 */
export class ChannelObject<Env extends SettingsEnv & MetricsEnv = SettingsEnv & MetricsEnv> extends DurableObject<Env> {
	readonly #config: Config;
	readonly #log: Log;
	readonly #revocations: Revocations;
	readonly #counts: Counts;
	readonly #audience: Audience;
	readonly #replay: Replay;
	readonly #publishing: Publishing;
	readonly #downlinks: Downlinks;
	readonly #admission: Admission;
	readonly #retirement: Retirement;
	#alarmAt: number | undefined;

	constructor(ctx: DurableObjectState, env: Env, hooks: ObserverHooks = {}) {
		super(ctx, env);
		this.#config = readConfig(env);
		const { REPLAY_EVENTS, REPLAY_SECONDS, HEARTBEAT_SECONDS, MAX_BACKLOG_BYTES } = this.#config;
		const keys = new IdempotencyKeys(ctx.storage.sql);
		this.#log = new Log(ctx.storage, { events: REPLAY_EVENTS, seconds: REPLAY_SECONDS });
		this.#revocations = new Revocations(ctx.storage.sql);
		this.#downlinks = new Downlinks(ctx);
		const restored = this.#downlinks.restore(this.#log.head, Date.now());
		this.#counts = new Counts({
			name: this.#name,
			meter: meterOf(env, `channel:${this.#name}`, HEARTBEAT_SECONDS),
			carried: this.#downlinks.carried,
			carry: (tally) => this.#downlinks.carry(tally),
		});
		const observers = new Observers(hooks, new Logger({ channel: this.#name }));
		this.#audience = new Audience(this.#name, HEARTBEAT_SECONDS, observers, this.#counts, {
			emptied: () => void this.#retirement.begin(Date.now()),
			catchUp: (subscriber, now) => this.#replay.catchUp(subscriber, now),
		});
		this.#replay = new Replay(this.#name, this.#log, this.#counts);
		const backpressure = new Backpressure(this.#audience, MAX_BACKLOG_BYTES);
		const pacing = new Pacing(
			// Behind a WebSocket there is a stream again.
			() => this.#audience.size + this.#downlinks.size,
			(events) => {
				this.#audience.deliver(events, Date.now());
				backpressure.delivered(events);
				if (this.#audience.hasFallen) void this.#setAlarm();
			},
		);
		this.#publishing = new Publishing({
			name: this.#name,
			log: this.#log,
			keys,
			subscribers: () => this.#audience.size,
			transaction: (work) => this.#transaction(work),
			sync: () => this.#sync(),
			deliver: (events) => pacing.push(events),
			room: () => backpressure.room(),
		});
		this.#retirement = new Retirement({
			log: this.#log,
			keys,
			revocations: this.#revocations,
			replaySeconds: REPLAY_SECONDS,
			isEmpty: () => this.#audience.isEmpty,
			isIdle: () => this.#publishing.isIdle,
			wakeAt: (time) => this.#setAlarmAt(time),
			free: () => this.#free(),
		});
		this.#admission = new Admission(this.#name, this.#config, this.#audience, this.#revocations);
		for (const downlink of restored) this.#audience.add(downlink);
		void ctx.blockConcurrencyWhile(async () => {
			this.#alarmAt = (await ctx.storage.getAlarm()) ?? undefined;
		});
	}

	/**
	 * Opens a stream. Its response goes to the client as it is, without the Worker in between; or to a relay in the Worker,
	 * over a WebSocket.
	 */
	override async fetch(request: Request): Promise<Response> {
		try {
			const subscription = requestedSubscription(request);
			return isJoining(request) ? await this.#join(subscription) : await this.#open(subscription);
		} catch (error) {
			if (error instanceof Problem) return error.toResponse();
			throw error;
		}
	}

	/** A relay says how much its client has taken, or passes a renewal on. */
	override async webSocketMessage(socket: WebSocket, text: string): Promise<void> {
		const downlink = this.#downlinks.of(socket);
		if (!downlink) return;
		const message = JSON.parse(text) as RelayMessage;
		const now = Date.now();
		if (message.type === "renew") {
			const isGood = await this.#renew(downlink, message.renewal);
			if (!isGood) this.#audience.endWhere((subscriber) => subscriber === downlink, "revoked", now);
			return;
		}
		downlink.taken(message.bytes);
		if (downlink.isBehind && downlink.hasRoom) this.#replay.catchUp(downlink, now);
	}

	/** A relay's client has left, or the relay has died. */
	override webSocketClose(socket: WebSocket): void {
		this.#leave(socket);
	}

	override webSocketError(socket: WebSocket): void {
		this.#leave(socket);
	}

	/** Appends events, waits until they are on disk, delivers them and says where they stand. */
	async publish(request: PublishRequest): Promise<PublishOutcome> {
		const startedAt = Date.now();
		const outcome = await this.#publishing.publish(request);
		if (outcome.ok && !outcome.replayed) this.#counts.published(request.events.length, Date.now() - startedAt);
		if (outcome.ok && this.#alarmAt === undefined) await this.#retirement.begin(Date.now());
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

	/** What was counted since the object started, but for what was published: that is of all of the log. */
	measures(): Measures {
		const published = this.#log.head - this.#log.start;
		return { tally: { ...this.#counts.tally, published }, streams: this.#audience.size };
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
			this.#revocations.add(which.user, now);
			// Those who are gone must not come back after a crash.
			await this.#sync();
		}
		const ended = this.#audience.endWhere(
			(stream) => ("user" in which ? stream.subscription.user === which.user : stream.connection === which.connection),
			"revoked",
			now,
		);
		if ("user" in which && this.#alarmAt === undefined) await this.#retirement.begin(Date.now());
		return ended;
	}

	/** Whose an open stream is, and of which channels; `undefined` when it is not here. */
	connection(connection: string): Pick<Subscription, "user" | "channels"> | undefined {
		const subscriber = this.#audience.find(connection);
		if (!subscriber) return undefined;
		const { user, channels } = subscriber.subscription;
		return { user, channels };
	}

	/** Lets an open stream live on with new credentials of the same user. Older ones than it has change nothing. */
	async renew(connection: string, renewal: Renewal): Promise<RenewalOutcome> {
		const subscriber = this.#audience.find(connection);
		if (subscriber?.subscription.user !== renewal.user) return { ok: false, reason: "not_found" };
		if (!(await this.#renew(subscriber, renewal))) return { ok: false, reason: "revoked" };
		if (subscriber instanceof Downlink) subscriber.pass(renewal);
		return { ok: true, expires: subscriber.subscription.expires };
	}

	/**
	 * A client gives a sign of life. From then on its stream ends when it gives no other for long.
	 *
	 * @returns whose the stream is, and until when it lives; `undefined` when it is not here.
	 */
	alive(connection: string, user: string): Pick<Subscription, "user" | "expires"> | undefined {
		const subscriber = this.#audience.find(connection);
		if (!subscriber) return undefined;
		const { subscription } = subscriber;
		if (subscription.user === user) subscriber.heard(Date.now());
		return { user: subscription.user, expires: subscription.expires };
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
		const now = Date.now();
		this.#audience.tend(now);
		if (!this.#audience.isEmpty) await this.#setAlarm();
		else if (this.#alarmAt === undefined) await this.#retirement.look(now);
	}

	get #name(): string {
		const { name } = this.ctx.id;
		if (name === undefined) throw new Error("A channel's object must be reached by its name (getByName).");
		return name;
	}

	/** Holds the client's response. It waits at the output gate until what was written here is on disk. */
	async #open(subscription: Subscription): Promise<Response> {
		await this.#admission.prepare(subscription);
		const now = this.#admit(subscription);
		const stream = this.#replay.start(
			subscription,
			now,
			(start, isLong) =>
				new Stream({
					channel: this.#name,
					subscription,
					position: start.position,
					retryMilliseconds: this.#config.RETRY_MILLISECONDS,
					now,
					left: (stream) => this.#audience.leave(stream, Date.now()),
					more: isLong ? (stream) => this.#replay.catchUp(stream, Date.now()) : undefined,
				}),
		);
		await this.#welcome(stream, now);
		return stream.toResponse();
	}

	/** Takes in a subscriber whose response a relay holds. */
	async #join(subscription: Subscription): Promise<Response> {
		await this.#admission.prepare(subscription);
		const now = this.#admit(subscription);
		if (this.#downlinks.isFull) {
			const detail = `The channel ${this.#name} has as many subscribers as the runtime allows. Try again later.`;
			throw new Problem("channel_full", detail);
		}
		const [theirs, ours] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
		const downlink = this.#replay.start(subscription, now, ({ position }) =>
			this.#downlinks.accept(ours, subscription, position, now),
		);
		await this.#welcome(downlink, now);
		return joinResponse(theirs, downlink.start);
	}

	/**
	 * From here on until the subscriber is welcome, everything is one step: nothing falls between replay and live, and
	 * nobody comes in besides.
	 *
	 * @returns the time at which the subscriber comes in.
	 */
	#admit(subscription: Subscription): number {
		const now = Date.now();
		this.#admission.check(subscription, now);
		return now;
	}

	async #welcome(subscriber: Subscriber, now: number): Promise<void> {
		const former = this.#audience.find(subscriber.connection);
		if (former) this.#audience.replace(former);
		if (subscriber.subscription.rejoins) this.#audience.add(subscriber);
		else this.#audience.join(subscriber, now);
		if (this.#log.idleSince !== undefined) this.#log.setIdleSince(undefined);
		await this.#setAlarmFor(subscriber);
	}

	#leave(socket: WebSocket): void {
		const downlink = this.#downlinks.remove(socket);
		if (downlink) this.#audience.leave(downlink, Date.now());
	}

	/** Answers whether the credentials are still good for the channel. */
	async #renew(subscriber: Subscriber, renewal: Renewal): Promise<boolean> {
		if (this.#revocations.covers(renewal.user, renewal.issuedAt, Date.now())) return false;
		if (renewal.endsAt > subscriber.subscription.endsAt) subscriber.renew(renewal);
		await this.#setAlarmFor(subscriber);
		return true;
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
		if (due !== undefined) await this.#setAlarmBefore(due);
	}

	/** The others have theirs already: looking at all of them for each that comes would take ever longer. */
	async #setAlarmFor(subscriber: Subscriber): Promise<void> {
		await this.#setAlarmBefore(this.#audience.dueOf(subscriber));
	}

	async #setAlarmBefore(due: number): Promise<void> {
		const now = Date.now();
		const at = Math.min(Math.max(due, now + ALARM_PACE_MILLISECONDS), now + MAX_ALARM_MILLISECONDS);
		if (this.#alarmAt === undefined || at < this.#alarmAt) await this.#setAlarmAt(at);
	}

	async #setAlarmAt(at: number): Promise<void> {
		this.#alarmAt = at;
		await this.ctx.storage.setAlarm(at);
	}

	async #free(): Promise<void> {
		const { storage } = this.ctx;
		this.#alarmAt = undefined;
		await this.ctx.blockConcurrencyWhile(async () => {
			await Promise.all([storage.deleteAlarm(), storage.deleteAll()]);
			this.#log.reload();
		});
	}
}
