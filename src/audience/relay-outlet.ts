import { slicesOf } from "../slices.ts";
import type { ChannelMessage } from "../wire/link.ts";
import type { Extent, Revocation } from "../wire/relay.ts";
import { LinkOutlet } from "./link-outlet.ts";

/** How many users or revocations one message names. */
const NAMES_PER_MESSAGE = 1000;

interface RelayOutletOptions {
	socket: WebSocket;
	/** How the log stands. */
	extent(): Extent;
	/** The users whose credentials were revoked. */
	revocations(): Revocation[];
	/** How many streams the relay holds. */
	streams(): number;
}

/** A relay, which follows this object's log over a WebSocket. It keeps this object awake. */
export class RelayOutlet extends LinkOutlet {
	readonly #options: RelayOutletOptions;

	constructor(options: RelayOutletOptions) {
		super(options.socket);
		this.#options = options;
	}

	override get streams(): number {
		return this.#options.streams();
	}

	/** The relay learns how the log stands before its first event, and whose credentials no longer count. */
	override open(): void {
		this.#tellExtent();
		for (const revocations of slicesOf(this.#options.revocations(), NAMES_PER_MESSAGE)) {
			this.send({ type: "revoked", revocations });
		}
	}

	/** A relay that is cut off joins again, so it is not told why. */
	override tell(message: ChannelMessage): void {
		switch (message.type) {
			case "ended":
				this.#tellExtent();
				break;
			case "gap":
			case "presence":
			case "probe":
				this.send(message);
				break;
			case "online":
				this.#tellOnline(message.users);
				break;
		}
	}

	/** The relay's WebSocket does not survive this object. */
	override persist(): void {}

	#tellExtent(): void {
		this.send({ type: "log", extent: this.#options.extent() });
	}

	#tellOnline(users: readonly string[]): void {
		const slices = slicesOf(users, NAMES_PER_MESSAGE);
		for (const [index, slice] of slices.entries()) {
			this.send({ type: "online", users: slice, isLast: index === slices.length - 1 });
		}
	}
}
