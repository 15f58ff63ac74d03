import { Downlink } from "../audience/downlink.ts";
import type { Tally } from "../metrics/tally.ts";
import type { Subscription } from "../wire/subscription.ts";

/** The runtime's limit for an object. */
const MAX_SOCKETS = 32_768;

/** The subscribers behind WebSockets. The sockets stay open while the object sleeps. */
export class Downlinks {
	readonly #ctx: DurableObjectState;
	readonly #bySocket = new Map<WebSocket, Downlink>();

	constructor(ctx: DurableObjectState) {
		this.#ctx = ctx;
	}

	/** Makes the subscribers again after the object has slept: whatever was published until then, they have. */
	restore(head: number, now: number): Iterable<Downlink> {
		for (const socket of this.#ctx.getWebSockets()) {
			const downlink = Downlink.restore(socket, head, now);
			if (downlink) this.#bySocket.set(socket, downlink);
		}
		return this.#bySocket.values();
	}

	/** Keeps what the channel has counted with one of them, which costs nothing: a row in the storage would. */
	carry(tally: Tally): void {
		const [carrier] = this.#bySocket.values();
		carrier?.carry(tally);
	}

	/** What the channel had counted when it slept. */
	get carried(): Tally | undefined {
		return this.#bySocket.values().find(({ tally }) => tally)?.tally;
	}

	get size(): number {
		return this.#bySocket.size;
	}

	/** Whether there is no room for another socket. */
	get isFull(): boolean {
		return this.size >= MAX_SOCKETS;
	}

	/** Makes a subscriber of one end of a WebSocket that does not keep the object awake. */
	accept(socket: WebSocket, subscription: Subscription, position: number, now: number): Downlink {
		this.#ctx.acceptWebSocket(socket);
		const downlink = Downlink.join(socket, subscription, position, now);
		this.#bySocket.set(socket, downlink);
		return downlink;
	}

	of(socket: WebSocket): Downlink | undefined {
		return this.#bySocket.get(socket);
	}

	/** Answers with the subscriber that is no more. */
	remove(socket: WebSocket): Downlink | undefined {
		const downlink = this.#bySocket.get(socket);
		this.#bySocket.delete(socket);
		if (downlink?.tally) this.carry(downlink.tally);
		return downlink;
	}
}
