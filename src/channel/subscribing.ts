import type { Audience } from "../audience/audience.ts";
import type { HibernatingSubscribers } from "../audience/hibernating-subscribers.ts";
import type { Outlet } from "../audience/outlet.ts";
import type { Replay } from "../audience/replay.ts";
import { ResponseOutlet } from "../audience/response-outlet.ts";
import { Subscriber } from "../audience/subscriber.ts";
import { Problem } from "../errors.ts";
import { atEnd } from "../wire/at-end.ts";
import { DIALECTS } from "../wire/dialect/dialects.ts";
import { type ClientConnection, joinResponse } from "../wire/link.ts";
import { type Asking, movedTo } from "../wire/place.ts";
import type { Renewal, Start, Subscription } from "../wire/subscription.ts";
import type { Alarm } from "./alarm.ts";
import type { Clients } from "./clients.ts";
import type { Admitted, Gate, Rest } from "./gate.ts";
import type { Sessions } from "./sessions.ts";

/** The runtime's limit of hibernatable WebSockets for an object. */
const MAX_SOCKETS = 32_768;

interface SubscribingOptions {
	channel: string;
	retryMilliseconds: number;
	audience: Audience;
	sessions: Sessions;
	clients: Clients;
	replay: Replay;
	gate: Gate;
	rest: Rest;
	alarm: Alarm;
}

/** Opens streams, and renews them. */
export class Subscribing {
	readonly #options: SubscribingOptions;

	constructor(options: SubscribingOptions) {
		this.#options = options;
	}

	/**
	 * Opens a stream whose response this object holds. The output gate delays the response until writes are durable.
	 *
	 * @param requestId the id of the client's request. A response without it would have to be copied in the Worker.
	 */
	async open(subscription: Subscription, requestId: string, asking: Asking): Promise<Response> {
		const { channel, retryMilliseconds, audience, replay } = this.#options;
		const { dialect, maxBacklogBytes } = subscription;
		if (dialect === "stored" || dialect === "whole") throw new Error("A client cannot read events as they are stored.");
		return await this.#enter(subscription, asking, async (admitted, now) => {
			const start = admitted.begin(now);
			const subscriber = replay.start(subscription, start, now, (isLong) => {
				const outlet = new ResponseOutlet({
					channel,
					dialect: DIALECTS[dialect],
					maxBacklogBytes,
					retryMilliseconds,
					now,
					left: () => audience.leave(opened),
					more: isLong ? () => audience.sendMore(opened) : undefined,
				});
				const opened = new Subscriber(subscription, start.position, now, outlet);
				return opened;
			});
			await this.#register(subscriber, now);
			return subscriber.outlet.toResponse(requestId);
		});
	}

	/** Opens a stream whose response a session in the Worker holds. */
	async join(subscription: Subscription, asking: Asking): Promise<Response> {
		return await this.#enter(subscription, asking, async (admitted, now) => {
			const { socket, start } = await this.#accept(this.#options.sessions, subscription, undefined, admitted, now);
			return joinResponse(socket, start);
		});
	}

	/** Opens a stream whose client's WebSocket ends in this object. */
	async connect({ subscription, opening }: ClientConnection, asking: Asking): Promise<Response> {
		return await this.#enter(subscription, asking, async (admitted, now) => {
			const { socket } = await this.#accept(this.#options.clients, subscription, { opening }, admitted, now);
			return new Response(null, { status: 101, webSocket: socket });
		});
	}

	/**
	 * Renews a stream with new credentials of its user. Credentials that end earlier are ignored.
	 *
	 * @returns `false` if the credentials are revoked.
	 */
	async renew(subscriber: Subscriber, renewal: Renewal): Promise<boolean> {
		if (this.#options.gate.isRevoked(renewal)) return false;
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

	/**
	 * Opens a stream if it is admitted. Otherwise the answer is another place that has room, or 204 if nothing is left to
	 * tell. A rejoin is never sent on: its session knows only this place.
	 */
	async #enter(
		subscription: Subscription,
		asking: Asking,
		open: (admitted: Admitted, now: number) => Promise<Response>,
	): Promise<Response> {
		const { gate } = this.#options;
		const elsewhere = subscription.rejoins ? undefined : await gate.elsewhere(subscription, asking);
		if (elsewhere) return movedTo(elsewhere);
		const admitted = await gate.admit(subscription);
		if (typeof admitted === "string") return atEnd(admitted);
		try {
			return await open(admitted, Date.now());
		} catch (error) {
			admitted.release();
			throw error;
		}
	}

	/** Opens a stream over a new WebSocket. Returns the WebSocket's other end. */
	async #accept<Kind extends Outlet, Details>(
		subscribers: HibernatingSubscribers<Kind, Details>,
		subscription: Subscription,
		details: Details,
		admitted: Admitted,
		now: number,
	): Promise<{ socket: WebSocket; start: Start }> {
		this.#checkSockets();
		const start = admitted.begin(now);
		const [theirs, ours] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
		const subscriber = this.#options.replay.start(subscription, start, now, () =>
			subscribers.accept(ours, subscription, start.position, now, details),
		);
		await this.#register(subscriber, now);
		return { socket: theirs, start };
	}

	/** @throws Problem `channel_full`. */
	#checkSockets(): void {
		const { channel, sessions, clients } = this.#options;
		if (sessions.size + clients.size < MAX_SOCKETS) return;
		const detail = `The channel ${channel} has as many subscribers as the runtime allows. Try again later.`;
		throw new Problem("channel_full", detail);
	}

	async #register(subscriber: Subscriber, now: number): Promise<void> {
		const { audience, rest } = this.#options;
		const former = audience.find(subscriber.connection);
		if (former) audience.replace(former);
		if (subscriber.subscription.rejoins) audience.rejoin(subscriber);
		else audience.join(subscriber, now);
		// Nothing is written down for a stream that is over at once.
		if (await audience.endIfDone(subscriber)) return;
		rest.end();
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
