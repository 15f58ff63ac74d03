import type { Endpoint } from "./endpoint.ts";
import { EVENT_MARK } from "./frame-reader.ts";
import { PostPublisher } from "./post-publisher.ts";
import { SocketPublisher } from "./socket-publisher.ts";

/** A connection that publishes numbered events. */
export class Publisher {
	readonly #connection: Connection;
	readonly #index: number;
	#number = 0;

	constructor(endpoint: Endpoint, index: number) {
		this.#connection = connection(endpoint);
		this.#index = index;
	}

	/**
	 * Publishes the next events of this connection in one request or message, and resolves when the server has answered. Only
	 * a WebSocket may be asked to publish before it has answered the one before.
	 */
	async publish(count: number, publishedAt: number): Promise<void> {
		const microseconds = Math.round(publishedAt * 1000);
		const events = Array.from({ length: count }, (_, at) => {
			return `${EVENT_MARK}${this.#index} ${this.#number + at} ${microseconds}`;
		});
		this.#number += count;
		await this.#connection.send(events);
	}
}

/** Resolves {@link send} when the server has accepted the events. */
export interface Connection {
	send(events: string[]): Promise<void>;
}

function connection(endpoint: Endpoint): Connection {
	const { port, channel, publish } = endpoint;
	const { form, ...target } = publish;
	return form === "socket" ? new SocketPublisher(port, target) : new PostPublisher(port, target, form, channel);
}
