import { isLivePublish, requestedLivePublish } from "../wire/live/live-link.ts";
import { isForPublisher, requestedPublisher } from "../wire/publisher-link.ts";
import { LivePublishes, type LivePublishesOptions } from "./live/live-publishes.ts";
import { PublisherSockets, type PublisherSocketsOptions } from "./publisher-sockets.ts";

/** Those who publish to a channel for longer than a call takes: over WebSockets, and with bodies that arrive over time. */
export class Publishers {
	readonly sockets: PublisherSockets;
	readonly #live: LivePublishes;

	constructor(options: PublisherSocketsOptions & LivePublishesOptions) {
		this.sockets = new PublisherSockets(options);
		this.#live = new LivePublishes(options);
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
