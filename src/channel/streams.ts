import { Audience } from "../audience/audience.ts";
import type { Counts } from "../audience/counts.ts";
import type { Headcount } from "../audience/headcount.ts";
import { Hooks, type ObserverHooks } from "../audience/hooks.ts";
import { Replay } from "../audience/replay.ts";
import type { Config } from "../config.ts";
import type { ReadableLog } from "../log/readable-log.ts";
import type { Logger } from "../logger.ts";
import type { RenewalOutcome } from "../wire/calls.ts";
import type { ChannelRules } from "../wire/channel-rules.ts";
import { clientRequestId, isJoining, requestedConnection, requestedSubscription } from "../wire/link.ts";
import { requestedAsking } from "../wire/place.ts";
import type { Renewal, Subscription } from "../wire/subscription.ts";
import type { Alarm } from "./alarm.ts";
import { ClientSockets, type VerifyRenewal } from "./client-sockets.ts";
import { type Clients, clientsOf } from "./clients.ts";
import type { Gate, Rest } from "./gate.ts";
import { SessionSockets } from "./session-sockets.ts";
import { type Sessions, sessionsOf } from "./sessions.ts";
import type { SocketHandler } from "./sockets.ts";
import { Subscribing } from "./subscribing.ts";

export interface StreamsOptions {
	ctx: DurableObjectState;
	channel: string;
	config: Config;
	rules: ChannelRules;
	log: ReadableLog;
	headcount: Headcount;
	counts: Counts;
	alarm: Alarm;
	/** Admits streams. */
	gate: Gate;
	/** What follows when the last stream has ended. */
	rest: Rest;
	logger: Logger;
	hooks: ObserverHooks;
	/** Verifies what clients renew their streams with over a WebSocket. */
	verify: VerifyRenewal;
}

/** The streams that an object holds, whether it is a channel's origin or a relay. */
export class Streams {
	readonly audience: Audience;
	readonly replay: Replay;
	/** The handlers of the WebSockets that streams come over. */
	readonly sockets: Record<"session" | "client", SocketHandler>;
	readonly #subscribing: Subscribing;
	readonly #sessions: Sessions;
	readonly #clients: Clients;

	constructor(options: StreamsOptions) {
		const { ctx, channel, config, rules, log, headcount, counts, alarm, gate, rest, logger, hooks, verify } = options;
		const sessions = sessionsOf(ctx);
		const clients = clientsOf(ctx, channel);
		const replay = new Replay(channel, log, counts);
		const audience = new Audience({
			channel,
			heartbeatMilliseconds: config.HEARTBEAT_SECONDS * 1000,
			maxBacklogBytes: config.MAX_BACKLOG_BYTES,
			presence: rules.presence,
			logger,
			hooks: new Hooks(hooks, logger),
			counts,
			headcount,
			replay,
			emptied: () => void rest.begin(Date.now()),
			lagging: () => void alarm.ringBy(Date.now()),
		});
		const retryMilliseconds = config.RETRY_MILLISECONDS;
		const subscribing = new Subscribing({
			channel,
			retryMilliseconds,
			audience,
			sessions,
			clients,
			replay,
			gate,
			rest,
			alarm,
		});
		this.audience = audience;
		this.replay = replay;
		this.sockets = {
			session: new SessionSockets({ audience, sessions, subscribing }),
			client: new ClientSockets({ channel, audience, clients, subscribing, verify }),
		};
		this.#subscribing = subscribing;
		this.#sessions = sessions;
		this.#clients = clients;
	}

	/**
	 * Restores the streams that were open before the object slept.
	 *
	 * @param mayStay whether a stream is still allowed. The others are ended.
	 */
	restore({ head }: ReadableLog, now: number, mayStay: (subscription: Subscription) => boolean): void {
		const restored = [...this.#sessions.restore(head, now), ...this.#clients.restore(head, now)];
		for (const subscriber of restored.sort((one, other) => one.since - other.since)) this.audience.restore(subscriber);
		void this.audience.endWhere(({ subscription }) => !mayStay(subscription), "revoked");
	}

	/** Opens a stream. */
	async open(request: Request): Promise<Response> {
		const asking = requestedAsking(request);
		const connection = requestedConnection(request);
		if (connection) return await this.#subscribing.connect(connection, asking);
		const subscription = requestedSubscription(request);
		if (isJoining(request)) return await this.#subscribing.join(subscription, asking);
		return await this.#subscribing.open(subscription, clientRequestId(request), asking);
	}

	/** The user and channels of an open stream; `undefined` if it is not open here. */
	connection(connection: string): Pick<Subscription, "user" | "channels"> | undefined {
		const subscriber = this.audience.find(connection);
		if (!subscriber) return undefined;
		const { user, channels } = subscriber.subscription;
		return { user, channels };
	}

	/** Renews an open stream with new credentials of its user. Credentials that end earlier are ignored. */
	async renew(connection: string, renewal: Renewal): Promise<RenewalOutcome> {
		const subscriber = this.audience.find(connection);
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
		const subscriber = this.audience.find(connection);
		if (!subscriber) return undefined;
		const { subscription } = subscriber;
		if (subscription.user === user) subscriber.tell({ type: "alive" }, Date.now());
		return { user: subscription.user, expiresAt: subscription.expiresAt };
	}
}
