import { DurableObject } from "cloudflare:workers";
import { Audience } from "../audience/audience.ts";
import { Counts } from "../audience/counts.ts";
import { Hooks, type ObserverHooks } from "../audience/hooks.ts";
import { Replay } from "../audience/replay.ts";
import { rulesFor } from "../channel-rules.ts";
import { type ConfigOptions, readConfig, type SettingsEnv } from "../config.ts";
import { Problem } from "../errors.ts";
import { Disk } from "../log/disk.ts";
import { IdempotencyKeys } from "../log/idempotency.ts";
import { Log } from "../log/log.ts";
import { Writer } from "../log/writer.ts";
import { Logger } from "../logger.ts";
import { meterOf } from "../metrics/meter.ts";
import type { Measures, MetricsEnv } from "../metrics/metrics-object.ts";
import type { RateLimitEnv } from "../rate-limit.ts";
import type { EndedSubscribers, PublishOutcome, PublishRequest, RenewalOutcome } from "../wire/calls.ts";
import type { ChannelRules } from "../wire/channel-rules.ts";
import { formatCursor } from "../wire/cursor.ts";
import { envelopeJson } from "../wire/event.ts";
import { clientRequestId, isJoining, requestedConnection, requestedSubscription } from "../wire/link.ts";
import type { ListedSubscriber } from "../wire/listed-subscriber.ts";
import type { ChannelState } from "../wire/state.ts";
import type { Renewal, Subscription } from "../wire/subscription.ts";
import { Alarm } from "./alarm.ts";
import { ClientSockets, type VerifyRenewal } from "./client-sockets.ts";
import { clientsOf } from "./clients.ts";
import { Idle } from "./idle.ts";
import { Limits } from "./limits.ts";
import { Publishers } from "./publishers.ts";
import { Publishing } from "./publishing.ts";
import { Revocations } from "./revocations.ts";
import { SessionSockets } from "./session-sockets.ts";
import { sessionsOf } from "./sessions.ts";
import { Sockets } from "./sockets.ts";
import { Subscribing } from "./subscribing.ts";

/** How a WebSocket has ended that was not closed (RFC 6455, section 7.4.1). */
const ABNORMAL_CLOSURE = 1006;

type ChannelEnv = SettingsEnv & MetricsEnv & RateLimitEnv;

interface ChannelOptions {
	hooks: ObserverHooks;
	settings: ConfigOptions;
	/** Verifies what clients renew their streams with over a WebSocket. */
	verify: VerifyRenewal;
}

/**
 * One channel: a log and an audience. A Durable Object, so that there is exactly one of each.
 *
 * It orders events and does not authenticate: the Worker has verified every caller. This class has only the entry
 * points. The constructor wires up the parts that do the work.
 */
export class ChannelObject<Env extends ChannelEnv = ChannelEnv> extends DurableObject<Env> {
	readonly #rules: ChannelRules;
	readonly #log: Log;
	readonly #disk: Disk;
	readonly #alarm: Alarm;
	readonly #revocations: Revocations;
	readonly #counts: Counts;
	readonly #sockets: Sockets;
	readonly #publishers: Publishers;
	readonly #audience: Audience;
	readonly #publishing: Publishing;
	readonly #subscribing: Subscribing;
	readonly #idle: Idle;

	constructor(ctx: DurableObjectState, env: Env, { hooks, settings, verify }: ChannelOptions) {
		super(ctx, env);
		const config = readConfig(env, settings);
		const channel = this.#name;
		const rules = rulesFor(config, channel);
		const { sql } = ctx.storage;
		const heartbeatMilliseconds = config.HEARTBEAT_SECONDS * 1000;
		const replayMilliseconds = rules.replaySeconds * 1000;
		const keys = new IdempotencyKeys(sql);
		const log = new Log(ctx.storage, { events: rules.replayEvents, milliseconds: replayMilliseconds });
		const disk = new Disk(ctx);
		const alarm = new Alarm(ctx, () => this.#publishers.nextDue);
		const revocations = new Revocations(sql);
		const counts = new Counts(channel, meterOf(env, `channel:${channel}`, heartbeatMilliseconds));
		const sessions = sessionsOf(ctx);
		const clients = clientsOf(ctx, channel);
		const replay = new Replay(channel, log, counts);
		const logger = new Logger({ channel });
		const audience = new Audience({
			channel,
			heartbeatMilliseconds,
			maxBacklogBytes: config.MAX_BACKLOG_BYTES,
			presence: rules.presence,
			logger,
			hooks: new Hooks(hooks, logger),
			counts,
			replay,
			emptied: () => void this.#idle.begin(Date.now()),
			lagging: () => void alarm.ringBy(Date.now()),
		});
		const writer = new Writer({ channel, log, keys, disk });
		const publishing = new Publishing({ channel, writer, audience, gather: () => this.#publishers.sockets.gather() });
		const idle = new Idle({ log, keys, revocations, audience, publishing, alarm, disk, replayMilliseconds });
		this.#subscribing = new Subscribing({
			channel,
			retryMilliseconds: config.RETRY_MILLISECONDS,
			allowsAnonymous: rules.anonymous,
			audience,
			sessions,
			clients,
			replay,
			limits: new Limits(channel, rules, audience),
			revocations,
			alarm,
			idle,
		});
		this.#publishers = new Publishers({
			ctx,
			channel,
			env,
			maxEventBytes: rules.maxEventBytes,
			log,
			keys,
			publishing,
			audience,
			counts,
			revocations,
			alarm,
			idle,
		});
		this.#rules = rules;
		this.#log = log;
		this.#disk = disk;
		this.#alarm = alarm;
		this.#revocations = revocations;
		this.#counts = counts;
		this.#sockets = new Sockets(ctx, {
			session: new SessionSockets({ audience, sessions, subscribing: this.#subscribing }),
			publisher: this.#publishers.sockets,
			client: new ClientSockets({ channel, audience, clients, subscribing: this.#subscribing, verify }),
		});
		this.#audience = audience;
		this.#publishing = publishing;
		this.#idle = idle;
		const now = Date.now();
		const restored = [...sessions.restore(log.head, now), ...clients.restore(log.head, now)];
		for (const subscriber of restored.sort((one, other) => one.since - other.since)) audience.restore(subscriber);
		void audience.endWhere(({ subscription }) => !this.#subscribing.mayStay(subscription), "revoked");
	}

	/** Opens a stream or a publisher's WebSocket, or takes a live publish. */
	override async fetch(request: Request): Promise<Response> {
		try {
			const publisher = this.#publishers.open(request);
			if (publisher) return await publisher;
			const connection = requestedConnection(request);
			if (connection) return await this.#subscribing.connect(connection);
			const subscription = requestedSubscription(request);
			if (isJoining(request)) return await this.#subscribing.join(subscription);
			return await this.#subscribing.open(subscription, clientRequestId(request));
		} catch (error) {
			if (error instanceof Problem) return error.toResponse();
			throw error;
		}
	}

	override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
		await this.#sockets.message(socket, message);
	}

	override webSocketClose(socket: WebSocket, code: number): void {
		this.#sockets.closed(socket, code);
	}

	override webSocketError(socket: WebSocket): void {
		this.#sockets.closed(socket, ABNORMAL_CLOSURE);
	}

	/** Stores events durably, starts their fan-out and returns their ids. */
	async publish(request: PublishRequest): Promise<PublishOutcome> {
		const startedAt = Date.now();
		const outcome = await this.#publishing.publish(request);
		if (!outcome.ok) return outcome;
		const now = Date.now();
		if (!outcome.replayed) this.#counts.published(request.events.length, now - startedAt);
		await this.#idle.beginUnlessAlarmSet(now);
		return outcome;
	}

	/** Returns the state of the channel. */
	state(): ChannelState {
		const { head } = this.#log;
		const oldest = this.#log.oldest(Date.now());
		return {
			channel: this.#name,
			head: formatCursor(head),
			oldest: oldest === undefined ? null : formatCursor(oldest),
			buffered: oldest === undefined ? 0 : head - oldest + 1,
			subscribers: this.#audience.size,
			relays: 0,
			ended: this.#log.ended !== undefined,
			rules: this.#rules,
		};
	}

	/** Returns the counters since the object started, except `published`, which covers the whole log. */
	measures(): Measures {
		const published = this.#log.head - this.#log.start;
		return { tally: { ...this.#counts.tally, published }, streams: this.#audience.size };
	}

	/** Returns the retained events after a position, at most `limit` of them, as a JSON array. */
	eventsJson(after: number, limit: number): string {
		const events = this.#log.read(after, Date.now()).take(limit);
		return `[${[...events.map((event) => envelopeJson(event, this.#name))].join(",")}]`;
	}

	/** Lists the open streams. */
	subscribers(): ListedSubscriber[] {
		return this.#audience.list();
	}

	/**
	 * Ends streams with `revoked`. For a user, it also revokes all credentials that were issued so far, for a day.
	 *
	 * @returns how many streams were ended.
	 */
	async endSubscribers(which: EndedSubscribers): Promise<number> {
		const now = Date.now();
		if ("user" in which) {
			this.#revocations.add(which.user, now);
			// The revocation must be durable before anything ends.
			await this.#disk.sync();
			this.#publishers.endRevoked(now);
		}
		const ended = await this.#audience.endWhere(
			(stream) => ("user" in which ? stream.subscription.user === which.user : stream.connection === which.connection),
			"revoked",
		);
		if ("user" in which) await this.#idle.beginUnlessAlarmSet(Date.now());
		return ended;
	}

	/** Returns the user and channels of an open stream; `undefined` if it is not open here. */
	connection(connection: string): Pick<Subscription, "user" | "channels"> | undefined {
		const subscriber = this.#audience.find(connection);
		if (!subscriber) return undefined;
		const { user, channels } = subscriber.subscription;
		return { user, channels };
	}

	/** Renews an open stream with new credentials of its user. Credentials that end earlier are ignored. */
	async renew(connection: string, renewal: Renewal): Promise<RenewalOutcome> {
		const subscriber = this.#audience.find(connection);
		if (subscriber?.subscription.user !== renewal.user) return { ok: false, reason: "not_found" };
		if (!(await this.#subscribing.renew(subscriber, renewal))) return { ok: false, reason: "revoked" };
		subscriber.tell({ type: "renewed", renewal }, Date.now());
		return { ok: true, expiresAt: subscriber.subscription.expiresAt };
	}

	/**
	 * Records a sign of life. From then on, the stream ends if they stop.
	 *
	 * @returns its user and when its credentials expire; `undefined` if it is not open here.
	 */
	alive(connection: string, user: string): Pick<Subscription, "user" | "expiresAt"> | undefined {
		const subscriber = this.#audience.find(connection);
		if (!subscriber) return undefined;
		const { subscription } = subscriber;
		if (subscription.user === user) subscriber.tell({ type: "alive" }, Date.now());
		return { user: subscription.user, expiresAt: subscription.expiresAt };
	}

	/**
	 * Ends all streams and deletes all events. Offsets are never reused; revocations are kept.
	 *
	 * @returns how many streams were ended.
	 */
	async wipe(): Promise<number> {
		this.#log.transaction(() => this.#log.wipe(Date.now()));
		await this.#disk.sync();
		return await this.#audience.endWhere(() => true, "shutdown");
	}

	/** Does the periodic work while a stream is open or draining. Otherwise frees the storage if its time has come. */
	override async alarm(): Promise<void> {
		this.#alarm.clear();
		const now = Date.now();
		await this.#publishers.tend(now);
		await this.#audience.tend(now);
		if (!this.#audience.isEmpty) await this.#alarm.ringBy(this.#audience.nextDue(now));
		else if (!this.#alarm.isSet) await this.#idle.freeIfExpired(now);
	}

	get #name(): string {
		const { name } = this.ctx.id;
		if (name === undefined) throw new Error("A channel's object must be reached by its name (getByName).");
		return name;
	}
}
