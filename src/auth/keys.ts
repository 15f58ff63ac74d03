import { waitUntil } from "cloudflare:workers";
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from "jose";
import { Problem } from "../errors.ts";

/** How long keys are used before they are read again. */
const FRESH_MILLISECONDS = 10 * 60 * 1000;
/** How long keys are used that cannot be read again. */
const STALE_MILLISECONDS = 24 * 60 * 60 * 1000;
/** How soon an unknown key may make the provider be asked again. */
const COOLDOWN_MILLISECONDS = 10 * 1000;
/** How soon a provider that failed is asked again. */
const FAILURE_MILLISECONDS = 1000;
const TIMEOUT_MILLISECONDS = 5000;

/** One key set an isolate and URL. */
const keySets = new Map<string, JWTVerifyGetKey>();

/**
 * The public keys of an identity provider (RFC 7517), by the URL of its JSON Web Key Set.
 *
 * Requests that need them at once share one fetch. A key that is not known yet is looked for, but not more often than
 * every 10 seconds. While the provider is down, keys that were read before go on working for a day.
 */
export function issuerKeys(url: string): JWTVerifyGetKey {
	const known = keySets.get(url);
	if (known) return known;
	const source = new KeySource();
	const remote = createRemoteJWKSet(new URL(url), {
		timeoutDuration: TIMEOUT_MILLISECONDS,
		cooldownDuration: COOLDOWN_MILLISECONDS,
		cacheMaxAge: FRESH_MILLISECONDS,
		[customFetch]: (url, init) => source.fetch(url, init),
	});
	const keys: JWTVerifyGetKey = async (header, token) => {
		try {
			return await remote(header, token);
		} catch (cause) {
			if (isAboutToken(cause) && !source.isStale) throw cause;
			const detail = "The identity provider's keys (JWKS_URL) cannot be read just now. Try again soon.";
			throw new Problem("jwks_unavailable", detail, { cause });
		}
	};
	keySets.set(url, keys);
	return keys;
}

/** Which key a token names is the token's affair; everything else that goes wrong is the provider's. */
function isAboutToken(error: unknown): boolean {
	return (
		error instanceof errors.JWKSNoMatchingKey ||
		error instanceof errors.JWKSMultipleMatchingKeys ||
		error instanceof errors.JOSENotSupported
	);
}

/** Reads the key set, and keeps what it read last. */
class KeySource {
	/** Whether the last answer was an old one, because there was no new one. */
	isStale = false;
	#kept: { text: string; readAt: number } | undefined;
	#pending: Promise<string> | undefined;
	#failure: { error: unknown; at: number } | undefined;

	async fetch(url: string, init: RequestInit): Promise<Response> {
		try {
			const text = await this.#shared(url, init);
			this.isStale = false;
			return new Response(text);
		} catch (error) {
			if (!this.#kept || Date.now() - this.#kept.readAt > STALE_MILLISECONDS) throw error;
			this.isStale = true;
			return new Response(this.#kept.text);
		}
	}

	#shared(url: string, init: RequestInit): Promise<string> {
		if (this.#failure && Date.now() - this.#failure.at < FAILURE_MILLISECONDS) throw this.#failure.error;
		if (!this.#pending) {
			const reading = this.#read(url, init).finally(() => {
				this.#pending = undefined;
			});
			this.#pending = reading;
			// Others wait for it, so it must not end with the request that happened to come first.
			waitUntil(Promise.allSettled([reading]));
		}
		return this.#pending;
	}

	async #read(url: string, init: RequestInit): Promise<string> {
		try {
			const response = await fetch(url, init);
			const text = await response.text();
			if (response.status !== 200) throw new Error(`The key set answered with status ${response.status}.`);
			if (!Array.isArray(JSON.parse(text)?.keys)) throw new Error("The key set holds no keys.");
			this.#kept = { text, readAt: Date.now() };
			this.#failure = undefined;
			return text;
		} catch (error) {
			this.#failure = { error, at: Date.now() };
			throw error;
		}
	}
}
