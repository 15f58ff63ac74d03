import { type Connection, type ConnectOptions, connect, type Handlers } from "tidings/client";

/** A connection that is opened for the first who joins it, and closed after the last. */
export class SharedConnection<Events> {
	readonly #options: ConnectOptions<Events>;
	#connection: Connection<Events> | undefined;
	#joined = 0;

	constructor(options: ConnectOptions<Events>) {
		this.#options = options;
	}

	/** Answers with what leaves it again. */
	join(handlers: Handlers<Events>): () => void {
		this.#connection ??= connect(this.#options);
		this.#joined += 1;
		const unsubscribe = this.#connection.subscribe(handlers);
		return () => {
			unsubscribe();
			this.#joined -= 1;
			// Not at once: in the same breath React may mount the next component, or with StrictMode this one again.
			queueMicrotask(() => this.#closeAfterLast());
		};
	}

	#closeAfterLast(): void {
		if (this.#joined > 0) return;
		this.#connection?.close();
		this.#connection = undefined;
	}
}
