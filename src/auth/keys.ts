import { waitUntil } from "cloudflare:workers";
import { createLocalJWKSet, errors, type JWSHeaderParameters } from "jose";
import { z } from "zod";
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

const jwkSchema = z.looseObject({ kty: z.string() });
const jwksSchema = z.object({ keys: z.array(z.unknown()) });

/** One source an isolate and URL. */
const sources = new Map<string, IssuerKeys>();

/** The public keys of an identity provider (RFC 7517), by the URL of its JSON Web Key Set. */
export function issuerKeys(url: string): IssuerKeys {
	const keys = sources.get(url) ?? new IssuerKeys(url);
	sources.set(url, keys);
	return keys;
}

/**
 * Reads an identity provider's key set, and keeps what it read last.
 *
 * Requests that need it at once share one read. A key that is not known yet is looked for, but not more often than every
 * 10 seconds. While the provider is down, keys that were read before go on working for a day.
 */
export class IssuerKeys {
	readonly #url: string;
	#kept: KeySet | undefined;
	#reading: Promise<KeySet> | undefined;
	/** How many reads were begun, and when the last one was. */
	#reads = 0;
	#askedAt = Number.NEGATIVE_INFINITY;
	#failure: { problem: Problem; at: number } | undefined;

	constructor(url: string) {
		this.#url = url;
	}

	/**
	 * The keys that may have signed a token with this header, one after the other.
	 *
	 * @throws errors.JWKSNoMatchingKey when the provider was asked after the token had come, and publishes no such key;
	 * Problem `jwks_unavailable` when it could not be asked, or when only unusable keys would do.
	 */
	async *candidates(header: JWSHeaderParameters): AsyncGenerator<CryptoKey, void> {
		const readsBefore = this.#reads;
		const known = await this.#current();
		const keys = await known.find(header);
		yield* keys;
		const isNew = known.read > readsBefore;
		// Whoever goes on has a token that names no key: a new one may have signed it.
		if (keys.length > 0 && (header.kid !== undefined || isNew || !this.#mayAsk)) return;
		const latest = isNew ? known : await this.#latest();
		const latestKeys = await latest.find(header);
		yield* latestKeys;
		if (keys.length > 0 || latestKeys.length > 0) return;
		// A read that had begun before the token came may have missed its key.
		if (latest.read <= readsBefore) throw tooSoon();
		throw new errors.JWKSNoMatchingKey();
	}

	/** The keys as they were read less than 10 minutes ago, or at least a day ago where there are no newer ones. */
	async #current(): Promise<KeySet> {
		if (this.#kept && Date.now() - this.#kept.readAt < FRESH_MILLISECONDS) return this.#kept;
		try {
			return await this.#read();
		} catch (error) {
			if (!this.#kept || Date.now() - this.#kept.readAt > STALE_MILLISECONDS) throw error;
			return this.#kept;
		}
	}

	/** Whether the provider is being asked. What has not ended long after its time went down with the request that began it. */
	get #isReading(): boolean {
		return this.#reading !== undefined && Date.now() - this.#askedAt < 2 * TIMEOUT_MILLISECONDS;
	}

	/** Whether the provider may be asked for a key that is not known, or is being asked already. */
	get #mayAsk(): boolean {
		return this.#isReading || Date.now() - this.#askedAt >= COOLDOWN_MILLISECONDS;
	}

	async #latest(): Promise<KeySet> {
		if (!this.#mayAsk) throw tooSoon();
		return await this.#read();
	}

	#read(): Promise<KeySet> {
		if (this.#failure && Date.now() - this.#failure.at < FAILURE_MILLISECONDS) throw this.#failure.problem;
		if (this.#reading && this.#isReading) return this.#reading;
		const reading = this.#ask().finally(() => {
			if (this.#reading === reading) this.#reading = undefined;
		});
		this.#reading = reading;
		// Others wait for it, so it must not end with the request that happened to come first.
		waitUntil(Promise.allSettled([reading]));
		return reading;
	}

	async #ask(): Promise<KeySet> {
		this.#reads += 1;
		const read = this.#reads;
		this.#askedAt = Date.now();
		try {
			const response = await fetch(this.#url, {
				headers: { Accept: "application/jwk-set+json, application/json", "User-Agent": "tidings" },
				redirect: "manual",
				signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
			});
			const text = await response.text();
			if (response.status !== 200) throw new Error(`The key set answered with status ${response.status}.`);
			const keys = new KeySet(text, read);
			if (!this.#kept || this.#kept.read < read) this.#kept = keys;
			this.#failure = undefined;
			return keys;
		} catch (cause) {
			const problem = unavailable(cause);
			this.#failure = { problem, at: Date.now() };
			throw problem;
		}
	}
}

/** What one read of a key set came to. */
class KeySet {
	/** Which read it was. */
	readonly read: number;
	readonly readAt = Date.now();
	/** Each key is a set of its own, so that one that is broken breaks no other. */
	readonly #keys: { kid: unknown; find: (header: JWSHeaderParameters) => Promise<CryptoKey> }[];

	/** @throws when the text is no key set, or when nothing in it is a key. What else is no key is ignored (RFC 7517, section 5). */
	constructor(text: string, read: number) {
		this.read = read;
		const { keys: listed } = jwksSchema.parse(JSON.parse(text));
		const jwks = listed.flatMap((each) => jwkSchema.safeParse(each).data ?? []);
		if (jwks.length === 0 && listed.length > 0) throw new Error("Nothing in the key set is a key.");
		this.#keys = jwks.map((jwk) => ({ kid: jwk.kid, find: createLocalJWKSet({ keys: [jwk] }) }));
	}

	/**
	 * The keys that may have signed a token with this header. It may leave out which one it was (RFC 7515, section 4.1.4).
	 *
	 * @throws Problem `jwks_unavailable` when there are only unusable ones.
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
	const detail = "The identity provider's keys (JWKS_URL) cannot be read just now. Try again soon.";
	return new Problem("jwks_unavailable", detail, { cause });
}

function tooSoon(): Problem {
	const detail =
		"The token is signed with a key that is not known yet, and the identity provider (JWKS_URL) was asked for its keys a moment ago. Try again in a few seconds.";
	return new Problem("jwks_unavailable", detail);
}

/** A key that the library cannot import or apply: a malformed or private one, one that is too short, an unknown curve. */
export function unusableKey(cause: unknown): Problem {
	const detail =
		"The key that the token asks for is published by the identity provider (JWKS_URL), but cannot be used: it may be too weak, or malformed. Have the provider replace it.";
	return new Problem("jwks_unavailable", detail, { cause });
}
