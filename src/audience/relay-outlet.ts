import type { ChannelMessage } from "../wire/link.ts";
import type { Offset } from "../wire/offset.ts";
import type { Extent, Revocation } from "../wire/relay.ts";
import type { Chunk } from "./chunk.ts";
import { withheldMessage } from "./chunks.ts";
import type { Outlet } from "./outlet.ts";

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
export class RelayOutlet implements Outlet {
	readonly isMetered = false;
	readonly isResponse = false;
	readonly mustDrain = false;
	readonly #options: RelayOutletOptions;
	#unsentBytes = 0;
	#isClosed = false;

	constructor(options: RelayOutletOptions) {
		this.#options = options;
	}

	get unsentBytes(): number {
		return this.#unsentBytes;
	}

	get streams(): number {
		return this.#options.streams();
	}

	acknowledge(bytes: number): void {
		this.#unsentBytes = Math.max(0, this.#unsentBytes - bytes);
	}

	/** The relay learns how the log stands before its first event, and whose credentials no longer count. */
	open(): void {
		this.#tellExtent();
		for (const revocations of inParts(this.#options.revocations())) this.#send({ type: "revoked", revocations });
	}

	deliver(chunk: Chunk | undefined, position: Offset): void {
		if (this.#isClosed) return;
		this.#options.socket.send(chunk ? chunk.message : withheldMessage(position));
		this.#unsentBytes += chunk?.bytes ?? 0;
	}

	/** A relay that is cut off joins again, so it is not told why. */
	tell(message: ChannelMessage): void {
		switch (message.type) {
			case "ended":
				this.#tellExtent();
				break;
			case "gap":
			case "presence":
			case "probe":
				this.#send(message);
				break;
			case "online":
				this.#tellOnline(message.users);
				break;
		}
	}

	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#options.socket.close(1000);
	}

	drop(): void {
		this.close();
	}

	/** The relay's WebSocket does not survive this object. */
	persist(): void {}

	heartbeatDue(): number {
		return Number.POSITIVE_INFINITY;
	}

	lostAt(): number {
		return Number.POSITIVE_INFINITY;
	}

	#tellExtent(): void {
		this.#send({ type: "log", extent: this.#options.extent() });
	}

	#tellOnline(users: readonly string[]): void {
		const parts = inParts(users);
		for (const [index, part] of parts.entries()) {
			this.#send({ type: "online", users: part, isLast: index === parts.length - 1 });
		}
	}

	#send(message: ChannelMessage): void {
		if (!this.#isClosed) this.#options.socket.send(JSON.stringify(message));
	}
}

/** Splits names into parts for messages; there is at least one part. */
function inParts<Name>(names: readonly Name[]): Name[][] {
	const parts = Math.max(1, Math.ceil(names.length / NAMES_PER_MESSAGE));
	return Array.from({ length: parts }, (_, part) => {
		return names.slice(part * NAMES_PER_MESSAGE, (part + 1) * NAMES_PER_MESSAGE);
	});
}
