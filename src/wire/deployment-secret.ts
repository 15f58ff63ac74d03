const encoder = new TextEncoder();

/** The part of the channels' namespace that secrets are derived from. */
export type Namespace = Pick<DurableObjectNamespace, "idFromName">;

/**
 * Derives a secret that only this deployment can compute, and that is the same in all isolates.
 *
 * @param name what it is for. Not a valid channel name: the id of its object is the secret.
 */
export async function deploymentSecret(namespace: Namespace, name: string): Promise<ArrayBuffer> {
	return await crypto.subtle.digest("SHA-256", encoder.encode(`${namespace.idFromName(name)}`));
}
