import { waitUntil } from "cloudflare:workers";
import { createLocalJWKSet, errors, type JWSHeaderParameters } from "jose";
import { z } from "zod";
import { Problem } from "../errors.ts";

/** How long a key set is fresh. An older one is fetched again before it is used. */
const FRESH_MILLISECONDS = 10 * 60 * 1000;
/** How long a stale key set stays in use while the provider is down. */
const STALE_MILLISECONDS = 24 * 60 * 60 * 1000;
/** The least time between two fetches that unknown keys cause. */
const COOLDOWN_MILLISECONDS = 10 * 1000;
/** The least time between a failed fetch and the next one. */
const FAILURE_MILLISECONDS = 1000;
const TIMEOUT_MILLISECONDS = 5000;

const jwkSchema = z.looseObject({ kty: z.string() });
const jwksSchema = z.object({ keys: z.array(z.unknown()) });

/** The key sets that this isolate has cached, by URL. */
const cache = new Map<string, IssuerKeys>();

/**
 * Returns the cached public keys of an identity provider.
 *
 * @param url where the provider serves its JSON Web Key Set (RFC 7517, section 5).
 */
export function issuerKeys(url: string): IssuerKeys {
	const keys = cache.get(url) ?? new IssuerKeys(url);
	cache.set(url, keys);
	return keys;
}

/**
 * Fetches and caches an identity provider's key set.
 *
 * Concurrent requests share one fetch. An unknown key triggers a fetch, so that key rotation needs no restart, with a
 * cooldown of 10 seconds. While the provider is down, cached keys stay in use for a day.
 */
export class IssuerKeys {
	readonly #url: string;
	#cached: KeySet | undefined;
	#reloading: Promise<KeySet> | undefined;
	/** How many fetches have started. */
	#fetches = 0;
	/** When the latest fetch started. */
	#fetchedAt = Number.NEGATIVE_INFINITY;
	#failure: { problem: Problem; at: number } | undefined;

	constructor(url: string) {
		this.#url = url;
	}

	/**
	 * Yields the keys that may have signed a token with this header, one at a time.
	 *
	 * @throws errors.JWKSNoMatchingKey when a fetch that started after the token arrived found no matching key.
	 * @throws Problem `jwks_unavailable` when the provider cannot be reached, the cooldown is still in effect, or no
	 * matching key is usable.
	 */
	async *candidates(header: JWSHeaderParameters): AsyncGenerator<CryptoKey, void> {
		const fetchesBefore = this.#fetches;
		const current = await this.#current();
		const keys = await current.find(header);
		yield* keys;
		const isFetchedNow = current.fetchNumber > fetchesBefore;
		// A caller that gets here had no match yet. Without a `kid`, a rotated key may have signed the token.
		if (keys.length > 0 && (header.kid !== undefined || isFetchedNow || !this.#mayReload)) return;
		const latest = isFetchedNow ? current : await this.#latest();
		const latestKeys = await latest.find(header);
		yield* latestKeys;
		if (keys.length > 0 || latestKeys.length > 0) return;
		// A fetch that was under way when the token arrived may have missed its key.
		if (latest.fetchNumber <= fetchesBefore) throw coolingDown();
		throw new errors.JWKSNoMatchingKey();
	}

	/** Returns a fresh key set; while the provider is down, a stale one. */
	async #current(): Promise<KeySet> {
		if (this.#cached && Date.now() - this.#cached.fetchedAt < FRESH_MILLISECONDS) return this.#cached;
		try {
			return await this.#reload();
		} catch (error) {
			if (!this.#cached || Date.now() - this.#cached.fetchedAt > STALE_MILLISECONDS) throw error;
			return this.#cached;
		}
	}

	/** Whether a fetch is under way. One that is long past its timeout died with the request that started it. */
	get #isReloading(): boolean {
		return this.#reloading !== undefined && Date.now() - this.#fetchedAt < 2 * TIMEOUT_MILLISECONDS;
	}

	/** Whether an unknown key may trigger a fetch, or join the one that is under way. */
	get #mayReload(): boolean {
		return this.#isReloading || Date.now() - this.#fetchedAt >= COOLDOWN_MILLISECONDS;
	}

	async #latest(): Promise<KeySet> {
		if (!this.#mayReload) throw coolingDown();
		return await this.#reload();
	}

	#reload(): Promise<KeySet> {
		if (this.#failure && Date.now() - this.#failure.at < FAILURE_MILLISECONDS) throw this.#failure.problem;
		if (this.#reloading && this.#isReloading) return this.#reloading;
		const reloading = this.#fetch().finally(() => {
			if (this.#reloading === reloading) this.#reloading = undefined;
		});
		this.#reloading = reloading;
		// Other requests share this fetch: keep it alive after the request that started it.
		waitUntil(Promise.allSettled([reloading]));
		return reloading;
	}

	async #fetch(): Promise<KeySet> {
		this.#fetches += 1;
		const number = this.#fetches;
		this.#fetchedAt = Date.now();
		try {
			const response = await fetch(this.#url, {
				headers: { Accept: "application/jwk-set+json, application/json", "User-Agent": "tidings" },
				redirect: "manual",
				signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
			});
			const text = await response.text();
			if (response.status !== 200)
				throw new Error(`Expected status 200 from the key set's URL, got ${response.status}.`);
			const keys = new KeySet(text, number);
			if (!this.#cached || this.#cached.fetchNumber < number) this.#cached = keys;
			this.#failure = undefined;
			return keys;
		} catch (cause) {
			const problem = unavailable(cause);
			this.#failure = { problem, at: Date.now() };
			throw problem;
		}
	}
}

/** The keys that one fetch returned. */
class KeySet {
	/** The number of the fetch. */
	readonly fetchNumber: number;
	readonly fetchedAt = Date.now();
	/** One set per key, so that a malformed key does not affect the others. */
	readonly #keys: { kid: unknown; find: (header: JWSHeaderParameters) => Promise<CryptoKey> }[];

	/**
	 * Parses a JSON Web Key Set. Entries that are not keys are ignored (RFC 7517, section 5).
	 *
	 * @throws when the text is not a key set, or when none of its entries is a key.
	 */
	constructor(text: string, fetchNumber: number) {
		this.fetchNumber = fetchNumber;
		const { keys: entries } = jwksSchema.parse(JSON.parse(text));
		const jwks = entries.flatMap((entry) => jwkSchema.safeParse(entry).data ?? []);
		if (jwks.length === 0 && entries.length > 0) throw new Error("No entry of the key set is a key.");
		this.#keys = jwks.map((jwk) => ({ kid: jwk.kid, find: createLocalJWKSet({ keys: [jwk] }) }));
	}

	/**
	 * Returns the keys that may have signed a token with this header; several where it has no `kid` (RFC 7515, section
	 * 4.1.4).
	 *
	 * @throws Problem `jwks_unavailable` when keys match and none of them is usable.
	 */
	async find(header: JWSHeaderParameters): Promise<CryptoKey[]> {
		const usable: CryptoKey[] = [];
		let failure: unknown;
		for (const { kid, find } of this.#keys) {
			if (header.kid !== undefined && header.kid !== kid) continue;
			try {
				usable.push(await find(header));
			} catch (error) {
				if (!(error instanceof errors.JWKSNoMatchingKey)) failure = error;
			}
		}
		if (usable.length === 0 && failure !== undefined) throw unusableKey(failure);
		return usable;
	}
}

function unavailable(cause: unknown): Problem {
	const detail = "The identity provider's keys (JWKS_URL) cannot be fetched right now. Try again in a few seconds.";
	return new Problem("jwks_unavailable", detail, { cause });
}

function coolingDown(): Problem {
	const detail =
		"The token is signed with an unknown key, and the identity provider's keys (JWKS_URL) were fetched only moments ago. Try again in a few seconds.";
	return new Problem("jwks_unavailable", detail);
}

/** The problem of a key that jose cannot import or use: malformed, private, too short, or on an unsupported curve. */
export function unusableKey(cause: unknown): Problem {
	const detail =
		"The key that signed the token is published by the identity provider (JWKS_URL), but cannot be used: it may be too weak or malformed. Have the provider replace it.";
	return new Problem("jwks_unavailable", detail, { cause });
}
