import { guarded } from "./guarded.ts";
import type { ConnectOptions } from "./options.ts";

/** The cursor of a connection. It is written to the storage, if there is one, so that a reloaded page resumes there. */
export class StoredCursor {
	readonly #storage: ConnectOptions["storage"];
	readonly #key: string;
	#value: string | null = null;

	/** @param service the URL of the service: a cursor is stored for it, the channels, the types and the inbox. */
	constructor(
		service: URL,
		{ channels, types = [], inbox = false, storage }: Pick<ConnectOptions, "channels" | "types" | "inbox" | "storage">,
	) {
		this.#storage = storage;
		this.#key = `tidings:${JSON.stringify([service, [...channels].sort(), [...types].sort(), inbox])}`;
		guarded(() => {
			this.#value = storage?.getItem(this.#key) || null;
		});
	}

	/** `null` until a stream was opened, unless the storage had one. */
	get value(): string | null {
		return this.#value;
	}

	set(cursor: string): void {
		this.#value = cursor;
		guarded(() => this.#storage?.setItem(this.#key, cursor));
	}
}
