import { bearer } from "./bearer.ts";
import { putNumber } from "./put-number.ts";
import { Timer } from "./timer.ts";

/** Credentials are renewed this long before they end: earlier than the service's `expiring` asks for. */
const RENEWAL_MILLISECONDS = 75_000;
/** The least time between two renewals or signs of life, whatever the service answers. */
const LEAST_MILLISECONDS = 1000;
/** When to try the next sign of life if the last one failed. */
const FAILED_LIFE_MILLISECONDS = 10_000;

interface UpkeepOptions {
	/** The URL of the stream, `/connections/{connection}`. */
	url: URL;
	/** Ends the upkeep with the stream. */
	signal: AbortSignal;
	/** Fetches a fresh token. Without it, the stream has a ticket, and only another stream can have a new ticket. */
	freshToken?: (() => Promise<string>) | undefined;
	/** Opens another stream in place of this one. */
	reopen: () => void;
}

/** Keeps an open stream going: renews its credentials before they end, and sends signs of life. */
export class Upkeep {
	readonly #options: UpkeepOptions;
	readonly #renewal = new Timer();
	readonly #life = new Timer();

	constructor(options: UpkeepOptions) {
		this.#options = options;
		options.signal.addEventListener("abort", () => {
			this.#renewal.clear();
			this.#life.clear();
		});
	}

	/**
	 * Renews the credentials before they end. If this machine's clock is wrong, it happens too late or not at all: then the
	 * service's `expiring` or `closing` comes first.
	 *
	 * @param expires when they end, in unix seconds.
	 */
	renewBefore(expires: number): void {
		this.#renewal.clear();
		const left = expires * 1000 - RENEWAL_MILLISECONDS - Date.now();
		// `left` is NaN when the service sent something else than a number.
		if (!(left > 0)) return;
		const renew = () => {
			if (this.#options.freshToken) void this.renew();
			else this.#options.reopen();
		};
		this.#renewal.set(renew, Math.max(left, LEAST_MILLISECONDS));
	}

	/** Extends the stream with a new token. With a ticket, it does nothing. */
	async renew(): Promise<void> {
		const { freshToken, signal } = this.#options;
		if (!freshToken) return;
		this.#renewal.clear();
		try {
			const expires = await this.#put("expires", freshToken);
			if (!signal.aborted) this.renewBefore(expires);
		} catch (error) {
			// The stream goes on until it ends. If something is wrong, opening the next one will show it.
			if (!signal.aborted) console.warn("tidings: the stream could not be renewed.", error);
		}
	}

	/** Sends a sign of life now, and the next one after half of the time that the service allows: one may get lost. */
	async signLife(): Promise<void> {
		const { freshToken, signal } = this.#options;
		if (!freshToken) return;
		let next = FAILED_LIFE_MILLISECONDS;
		try {
			next = (await this.#put("aliveSeconds", freshToken, { alive: true })) * 500;
		} catch (error) {
			// If the network has failed, so has the stream, and the service ends it when no sign of life arrives.
			if (!signal.aborted) console.warn("tidings: no sign of life could be sent.", error);
		}
		if (!signal.aborted) this.#life.set(() => void this.signLife(), Math.max(next, LEAST_MILLISECONDS));
	}

	/** Sends a PUT to the stream, and returns one number of the answer. */
	async #put(
		name: "expires" | "aliveSeconds",
		freshToken: () => Promise<string>,
		body?: { alive: true },
	): Promise<number> {
		const { url, signal } = this.#options;
		return await putNumber(url, name, { headers: bearer(await freshToken()), signal }, body);
	}
}
