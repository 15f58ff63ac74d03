import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A network between a client and the service that a test can cut. */
export class CuttableProxy {
	readonly #server = createServer((client) => this.#tie(client));
	readonly #sockets = new Set<Socket>();
	readonly #target: URL;
	#isOpen = true;

	private constructor(target: string) {
		this.#target = new URL(target);
	}

	static async to(target: string): Promise<CuttableProxy> {
		const proxy = new CuttableProxy(target);
		proxy.#server.listen(0, "127.0.0.1");
		await once(proxy.#server, "listening");
		return proxy;
	}

	get url(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	/** Cuts every connection, and lets none through until {@link mend}. */
	cut(): void {
		this.#isOpen = false;
		for (const socket of this.#sockets) socket.destroy();
	}

	mend(): void {
		this.#isOpen = true;
	}

	async stop(): Promise<void> {
		this.cut();
		this.#server.close();
		await once(this.#server, "close");
	}

	#tie(client: Socket): void {
		if (!this.#isOpen) {
			client.destroy();
			return;
		}
		const upstream = connect(Number(this.#target.port), this.#target.hostname);
		for (const [socket, other] of [
			[client, upstream],
			[upstream, client],
		] as const) {
			this.#sockets.add(socket);
			socket.on("error", () => other.destroy());
			socket.on("close", () => {
				this.#sockets.delete(socket);
				other.destroy();
			});
			socket.pipe(other);
		}
	}
}
