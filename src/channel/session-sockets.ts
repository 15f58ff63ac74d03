import type { Audience } from "../audience/audience.ts";
import type { SessionMessage } from "../wire/link.ts";
import type { Sessions } from "./sessions.ts";
import type { SocketHandler } from "./sockets.ts";
import type { Subscribing } from "./subscribing.ts";

interface SessionSocketsOptions {
	audience: Audience;
	sessions: Sessions;
	subscribing: Subscribing;
}

/** The WebSockets of the sessions in the Worker. */
export class SessionSockets implements SocketHandler {
	readonly #options: SessionSocketsOptions;

	constructor(options: SessionSocketsOptions) {
		this.#options = options;
	}

	/** Handles an acknowledgement or a renewal. */
	async message(socket: WebSocket, text: string): Promise<void> {
		const { audience, sessions, subscribing } = this.#options;
		const subscriber = sessions.of(socket);
		if (!subscriber) return;
		const message = JSON.parse(text) as SessionMessage;
		if (message.type === "renew") {
			await subscribing.renewOrEnd(subscriber, message.renewal);
			return;
		}
		if (message.type !== "ack") return;
		subscriber.outlet.acknowledge(message.bytes);
		if (subscriber.isBehind && subscriber.hasRoom) await audience.catchUp(subscriber);
	}

	/** The client disconnected, or the session died. */
	closed(socket: WebSocket): void {
		const { audience, sessions } = this.#options;
		const subscriber = sessions.remove(socket, (asleep) => audience.restore(asleep));
		if (subscriber) audience.leave(subscriber);
	}
}
