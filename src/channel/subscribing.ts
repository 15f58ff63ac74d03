import type { Audience } from "../audience/audience.ts";
import type { HibernatingSubscribers } from "../audience/hibernating-subscribers.ts";
import type { Outlet } from "../audience/outlet.ts";
import type { Replay } from "../audience/replay.ts";
import { ResponseOutlet } from "../audience/response-outlet.ts";
import { Subscriber } from "../audience/subscriber.ts";
import { Problem } from "../errors.ts";
import { atEnd } from "../wire/at-end.ts";
import type { EndReason } from "../wire/control.ts";
import { DIALECTS } from "../wire/dialect/dialects.ts";
import { type ClientConnection, joinResponse } from "../wire/link.ts";
import type { Renewal, Start, Subscription } from "../wire/subscription.ts";
import type { Alarm } from "./alarm.ts";
import type { Clients } from "./clients.ts";
import type { Idle } from "./idle.ts";
import type { Limits } from "./limits.ts";
import { type Revocations, revoked } from "./revocations.ts";
import type { Sessions } from "./sessions.ts";

/** The runtime's limit of hibernatable WebSockets for an object. */
const MAX_SOCKETS = 32_768;

interface SubscribingOptions {
	channel: string;
	retryMilliseconds: number;
	/** Whether clients without credentials may read the channel. */
	allowsAnonymous: boolean;
	audience: Audience;
	sessions: Sessions;
	clients: Clients;
	replay: Replay;
	limits: Limits;
	revocations: Revocations;
	alarm: Alarm;
	idle: Idle;
}

/** Opens streams, and renews them. */
export class Subscribing {
	readonly #options: SubscribingOptions;

	constructor(options: SubscribingOptions) {
		this.#options = options;
	}

	/**
	 * Opens a stream whose response this object holds. The output gate delays the response until writes are durable. It is
	 * 204 if nothing is left to tell.
	 *
	 * @param requestId the id of the client's request. A response without it would have to be copied in the Worker.
	 */
	async open(subscription: Subscription, requestId: string): Promise<Response> {
		const { channel, retryMilliseconds, audience, replay, limits } = this.#options;
		const { dialect, maxBacklogBytes } = subscription;
		if (dialect === "stored") throw new Error("A client cannot read events as they are stored.");
		const ended = this.#endFor(subscription);
		if (ended) return atEnd(ended);
		await limits.makeRoom(subscription);
		const now = this.#admit(subscription);
		const { subscriber } = replay.start(subscription, now, ({ position }, isLong) => {
			const outlet = new ResponseOutlet({
				channel,
				dialect: DIALECTS[dialect],
				maxBacklogBytes,
				retryMilliseconds,
				now,
				left: () => audience.leave(subscriber),
				more: isLong ? () => audience.sendMore(subscriber) : undefined,
			});
			const subscriber = new Subscriber(subscription, position, now, outlet);
			return subscriber;
		});
		await this.#register(subscriber, now);
		return subscriber.outlet.toResponse(requestId);
	}

	/** Opens a stream whose response a session in the Worker holds. The answer is 204 if nothing is left to tell. */
	async join(subscription: Subscription): Promise<Response> {
		const ended = this.#endFor(subscription);
		if (ended) return atEnd(ended);
		const { socket, start } = await this.#accept(this.#options.sessions, subscription, undefined);
		return joinResponse(socket, start);
	}

	/** Opens a stream whose client's WebSocket ends in this object. */
	async connect({ subscription, opening }: ClientConnection): Promise<Response> {
		const { socket } = await this.#accept(this.#options.clients, subscription, { opening });
		return new Response(null, { status: 101, webSocket: socket });
	}

	/**
	 * Renews a stream with new credentials of its user. Credentials that end earlier are ignored.
	 *
	 * @returns `false` if the credentials are revoked.
	 */
	async renew(subscriber: Subscriber, renewal: Renewal): Promise<boolean> {
		if (this.#options.revocations.covers(renewal.user, renewal.issuedAt, Date.now())) return false;
		subscriber.renew(renewal);
		await this.#setAlarm(subscriber);
		return true;
	}

	/** Renews a stream, or ends it if the credentials are revoked. Returns whether it was renewed. */
	async renewOrEnd(subscriber: Subscriber, renewal: Renewal): Promise<boolean> {
		const isGood = await this.renew(subscriber, renewal);
		if (!isGood) await this.#options.audience.endWhere((each) => each === subscriber, "revoked");
		return isGood;
	}

	/** Opens a stream over a new WebSocket. Returns the WebSocket's other end. */
	async #accept<Kind extends Outlet, Details>(
		subscribers: HibernatingSubscribers<Kind, Details>,
		subscription: Subscription,
		details: Details,
	): Promise<{ socket: WebSocket; start: Start }> {
		const { replay, limits } = this.#options;
		await limits.makeRoom(subscription);
		const now = this.#admit(subscription);
		this.#checkSockets();
		const [theirs, ours] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
		const { subscriber, start } = replay.start(subscription, now, ({ position }) =>
			subscribers.accept(ours, subscription, position, now, details),
		);
		await this.#register(subscriber, now);
		return { socket: theirs, start };
	}

	/**
	 * From here until the subscriber is registered, everything is synchronous: no event falls between replay and live,
	 * and no other stream is admitted in between.
	 *
	 * @returns when the stream opens, in Unix milliseconds.
	 * @throws Problem `invalid_token`, `channel_full` or `too_many_connections`.
	 */
	#admit(subscription: Subscription): number {
		const now = Date.now();
		this.#refuseRevoked(subscription, now);
		if (subscription.rejoins && !this.mayStay(subscription)) throw closedToAnonymous(this.#options.channel);
		this.#options.limits.check(subscription);
		return now;
	}

	/**
	 * How the channel ended, if a stream would get nothing, and its client asks to be told so. The limits of streams do not
	 * count then.
	 *
	 * @throws Problem `invalid_token`.
	 */
	#endFor(subscription: Subscription): EndReason | undefined {
		const now = Date.now();
		const { replay } = this.#options;
		if (!subscription.unlessAtEnd || !replay.isAtEnd(subscription, now)) return undefined;
		this.#refuseRevoked(subscription, now);
		return replay.ended;
	}

	#refuseRevoked({ user, issuedAt }: Subscription, now: number): void {
		const { revocations, channel } = this.#options;
		if (revocations.covers(user, issuedAt, now)) throw revoked(channel);
	}

	/** Whether a stream that was opened under earlier rules may stay open. */
	mayStay({ anonymousFrom }: Subscription): boolean {
		return this.#options.allowsAnonymous || anonymousFrom === undefined;
	}

	/** @throws Problem `channel_full`. */
	#checkSockets(): void {
		const { channel, sessions, clients } = this.#options;
		if (sessions.size + clients.size < MAX_SOCKETS) return;
		const detail = `The channel ${channel} has as many subscribers as the runtime allows. Try again later.`;
		throw new Problem("channel_full", detail);
	}

	async #register(subscriber: Subscriber, now: number): Promise<void> {
		const { audience, idle } = this.#options;
		const former = audience.find(subscriber.connection);
		if (former) audience.replace(former);
		if (subscriber.subscription.rejoins) audience.rejoin(subscriber);
		else audience.join(subscriber, now);
		// Nothing is written down for a stream that is over at once.
		if (await audience.endIfDone(subscriber)) return;
		idle.end();
		await this.#setAlarm(subscriber);
	}

	/**
	 * Considers only this stream: the others have set the alarm already, and checking all of them at each open would be
	 * quadratic.
	 */
	async #setAlarm(subscriber: Subscriber): Promise<void> {
		const { alarm, audience } = this.#options;
		await alarm.ringBy(audience.dueOf(subscriber, Date.now()));
	}
}

function closedToAnonymous(channel: string): Problem {
	return new Problem("missing_token", `The channel ${channel} may no longer be read without credentials. Send some.`);
}
