import { isLivePublish, requestedLivePublish } from "../wire/live/live-link.ts";
import { isForPublisher, requestedPublisher } from "../wire/publisher-link.ts";
import { earliest } from "./alarm.ts";
import { LeaseWatch } from "./live/lease-watch.ts";
import { LivePublishes, type LivePublishesOptions } from "./live/live-publishes.ts";
import { PublisherSockets, type PublisherSocketsOptions } from "./publisher-sockets.ts";

type PublishersOptions = PublisherSocketsOptions & Omit<LivePublishesOptions, "lease">;

/** Those who publish to a channel for longer than a call takes: over WebSockets, and with bodies that arrive over time. */
export class Publishers {
	readonly sockets: PublisherSockets;
	readonly #live: LivePublishes;
	readonly #lease: LeaseWatch;

	constructor(options: PublishersOptions) {
		this.sockets = new PublisherSockets(options);
		this.#lease = new LeaseWatch(options, Date.now());
		this.#live = new LivePublishes({ ...options, lease: this.#lease });
	}

	/** When the alarm has to ring for one of them, in Unix milliseconds. */
	get nextDue(): number | undefined {
		return earliest(this.sockets.nextDue, this.#lease.nextDue);
	}

	/** Ends those whose credentials are over, and the channel if its lease is. */
	async tend(now: number): Promise<void> {
		this.sockets.tend(now);
		await this.#lease.tend(now);
	}

	/**
	 * Answers a request of one of them; `undefined` if it is for something else.
	 *
	 * @throws Problem
	 */
	open(request: Request): Promise<Response> | undefined {
		if (isForPublisher(request)) return this.sockets.open(requestedPublisher(request));
		if (isLivePublish(request)) return this.#live.publish(requestedLivePublish(request), request.body);
		return undefined;
	}

	/** Ends those of a user whose credentials were revoked. */
	endRevoked(now: number): void {
		this.sockets.endRevoked(now);
		this.#live.endRevoked(now);
	}
}
