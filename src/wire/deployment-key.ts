const encoder = new TextEncoder();

/** The part of the channels' namespace that secrets are derived from. */
export type Namespace = Pick<DurableObjectNamespace, "idFromName">;

/**
 * Makes a function that returns a key which only this deployment can compute, and which is the same in all isolates. The
 * key is cached for the life of the isolate.
 *
 * @param name what it is for. Not a valid channel name: the key is derived from the id of its object.
 */
export function deploymentKey(
	name: string,
	algorithm: Parameters<SubtleCrypto["importKey"]>[2],
	usages: string[],
): (namespace: Namespace) => Promise<CryptoKey> {
	const keys = new WeakMap<Namespace, CryptoKey>();
	return async (namespace) => {
		const cached = keys.get(namespace);
		if (cached) return cached;
		const secret = await crypto.subtle.digest("SHA-256", encoder.encode(`${namespace.idFromName(name)}`));
		const key = await crypto.subtle.importKey("raw", secret, algorithm, false, usages);
		keys.set(namespace, key);
		return key;
	};
}
