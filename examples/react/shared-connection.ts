import { type Connection, type ConnectOptions, connect, type Handlers } from "tidings/client";

/** A connection that opens when the first component joins, and closes after the last has left. */
export class SharedConnection<Events> {
	readonly #options: ConnectOptions<Events>;
	#connection: Connection<Events> | undefined;
	#joined = 0;

	constructor(options: ConnectOptions<Events>) {
		this.#options = options;
	}

	/** Returns a function that leaves the connection again. */
	join(handlers: Handlers<Events>): () => void {
		this.#connection ??= connect(this.#options);
		this.#joined += 1;
		const unsubscribe = this.#connection.subscribe(handlers);
		return () => {
			unsubscribe();
			this.#joined -= 1;
			// Not at once: React may mount the next component in the same task, or with StrictMode this one again.
			queueMicrotask(() => this.#closeAfterLast());
		};
	}

	#closeAfterLast(): void {
		if (this.#joined > 0) return;
		this.#connection?.close();
		this.#connection = undefined;
	}
}
