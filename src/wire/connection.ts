import { z } from "zod";

/**
 * The id of an open stream. The channel that holds the stream is sealed in it (AES-GCM), so that whoever has the id can
 * have the stream reached again, and learns nothing of a channel from it.
 */

/** A client that has given a sign of life has to give the next within so many heartbeats. */
export const ALIVE_HEARTBEATS = 4;

/** Random, so that every id is another one. */
const IV_BYTES = 16;
/** Names are sealed in blocks of so many characters: an id does not tell how long the name is. */
const BLOCK_CHARACTERS = 32;
/** The name of no channel. The hash of it is known to this deployment alone. */
const KEY_NAME = "the key of connections";
const BASE64 = { alphabet: "base64url", omitPadding: true } as const;

export const connectionSchema = z
	.string()
	.min(1)
	.meta({ description: "The id of an open stream, as its `connected` tells it. Treat it as opaque." });

/** The channels' objects, as far as a key can be had from them. */
type Namespace = Pick<DurableObjectNamespace, "idFromName">;

/** An id for a stream of a channel that is being opened. */
export async function newConnection(namespace: Namespace, channel: string): Promise<string> {
	const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
	const name = channel.padEnd(Math.ceil(channel.length / BLOCK_CHARACTERS) * BLOCK_CHARACTERS);
	const sealed = await crypto.subtle.encrypt(
		{ name: "AES-GCM", iv },
		await keyOf(namespace),
		new TextEncoder().encode(name),
	);
	const bytes = new Uint8Array(IV_BYTES + sealed.byteLength);
	bytes.set(iv);
	bytes.set(new Uint8Array(sealed), IV_BYTES);
	return bytes.toBase64(BASE64);
}

/** The channel that holds a connection; `undefined` for text that is no connection's id. */
export async function channelOf(namespace: Namespace, connection: string): Promise<string | undefined> {
	const key = await keyOf(namespace);
	try {
		const bytes = Uint8Array.fromBase64(connection, BASE64);
		const iv = bytes.subarray(0, IV_BYTES);
		const name = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, bytes.subarray(IV_BYTES));
		return new TextDecoder().decode(name).trimEnd();
	} catch {
		// Anything may be wrong with what was not sealed here.
		return undefined;
	}
}

const keys = new WeakMap<Namespace, CryptoKey>();

/** Made once an isolate, and the same in all of them. */
async function keyOf(namespace: Namespace): Promise<CryptoKey> {
	const known = keys.get(namespace);
	if (known) return known;
	const secret = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${namespace.idFromName(KEY_NAME)}`));
	const key = await crypto.subtle.importKey("raw", secret, "AES-GCM", false, ["encrypt", "decrypt"]);
	keys.set(namespace, key);
	return key;
}
