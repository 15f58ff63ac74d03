import type { JWK } from "jose";
import { type SigningKey, signingKey } from "./signing-key.ts";

/** How long an isolate serves the keys from memory. With the caches of others, it is well within a key's announcement. */
const FRESH_MILLISECONDS = 10_000;

let known: { keys: JWK[]; readAt: number } | undefined;

/** The public keys. They are read from their object at most every ten seconds, so that verifiers rarely wait for it. */
export async function publicKeys(namespace: DurableObjectNamespace<SigningKey>): Promise<JWK[]> {
	if (known && Date.now() - known.readAt < FRESH_MILLISECONDS) return known.keys;
	return await readPublicKeys(namespace);
}

/** The public keys, read from their object: for use after a change. */
export async function readPublicKeys(namespace: DurableObjectNamespace<SigningKey>): Promise<JWK[]> {
	const keys = await signingKey(namespace).publicKeys();
	known = { keys, readAt: Date.now() };
	return keys;
}
