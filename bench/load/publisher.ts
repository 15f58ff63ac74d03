import type { Endpoint } from "./endpoint.ts";
import { EVENT_MARK } from "./frame-reader.ts";
import { LivePublisher } from "./live-publisher.ts";
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
	 * Publishes the next events of this connection in one request, message or chunk, and resolves when the next may follow: when
	 * the server has answered or, of a live body, taken it. Only a WebSocket may be asked to publish before that.
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

/** Resolves {@link send} when the next events may follow. */
export interface Connection {
	send(events: string[]): Promise<void>;
}

function connection(endpoint: Endpoint): Connection {
	const { port, channel, publish } = endpoint;
	const { form, ...target } = publish;
	if (form === "socket") return new SocketPublisher(port, target);
	if (form === "live") return new LivePublisher(port, target);
	return new PostPublisher(port, target, form, channel);
}
