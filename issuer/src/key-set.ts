import type { JWK } from "jose";
import { type SigningKey, signingKey } from "./signing-key.ts";

/** How long an isolate answers from memory. With {@link KEY_SET_SECONDS} elsewhere, well within a key's announcement. */
const FRESH_MILLISECONDS = 10_000;

let known: { keys: JWK[]; readAt: number } | undefined;

/** The public keys, read from their object at most every ten seconds: whoever verifies tokens waits for nothing else. */
export async function publicKeys(namespace: DurableObjectNamespace<SigningKey>): Promise<JWK[]> {
	if (known && Date.now() - known.readAt < FRESH_MILLISECONDS) return known.keys;
	return await readPublicKeys(namespace);
}

/** The public keys as they are now: after a change. */
export async function readPublicKeys(namespace: DurableObjectNamespace<SigningKey>): Promise<JWK[]> {
	const keys = await signingKey(namespace).publicKeys();
	known = { keys, readAt: Date.now() };
	return keys;
}
