/** How a WebSocket ends whose connection broke: the code of a peer that is gone for now. */
const CUT = 1012;

/**
 * A link in a WebSocket connection that can be cut: neither side has closed it then, and what is on its way is lost.
 */
export class CuttableLink {
	/** The new end, for whoever was to get the old one. */
	readonly end: WebSocket;
	readonly #sides: readonly [WebSocket, WebSocket];
	readonly #gone: () => void;
	#isCut = false;

	/** @param gone called when the connection has ended. */
	constructor(origin: WebSocket, gone: () => void) {
		const [end, relay] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
		this.end = end;
		this.#sides = [origin, relay];
		this.#gone = gone;
		this.#pump(origin, relay);
		this.#pump(relay, origin);
	}

	cut(): void {
		if (this.#isCut) return;
		this.#isCut = true;
		for (const side of this.#sides) side.close(CUT);
		this.#gone();
	}

	#pump(from: WebSocket, to: WebSocket): void {
		from.binaryType = "arraybuffer";
		from.addEventListener("message", ({ data }) => {
			if (!this.#isCut) to.send(data);
		});
		for (const type of ["close", "error"] as const) from.addEventListener(type, () => this.cut());
		from.accept();
	}
}
