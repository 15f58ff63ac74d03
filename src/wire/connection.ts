import { z } from "zod";
import { deploymentKey, type Namespace } from "./deployment-key.ts";
import { objectNameOf, type Place, placeOf } from "./place.ts";

/**
 * The id of an open stream. It contains the name of the object that holds the stream, encrypted with AES-GCM: the service
 * can find the stream by its id alone, and the id reveals nothing about the channel. A stream of several channels is found
 * in one of them.
 */

/** Once a client has given a sign of life, it must give the next one within this many heartbeats. */
export const ALIVE_HEARTBEATS = 4;
/** A WebSocket client that has sent a ping must send something within this many heartbeats. */
export const PING_HEARTBEATS = 2;

/** The initialisation vector is random, so every id is unique. */
const IV_BYTES = 16;
/** What AES-GCM adds, to authenticate the name. */
const TAG_BYTES = 16;
/** Names are padded to a multiple of this, so that the length of an id does not reveal the length of the name. */
const BLOCK_CHARACTERS = 32;
const keyOf = deploymentKey("the key of connections", "AES-GCM", ["encrypt", "decrypt"]);
const encoder = new TextEncoder();
const BASE64 = { alphabet: "base64url", omitPadding: true } as const;

export const connectionSchema = z
	.string()
	.min(1)
	.meta({ description: "The id of an open stream, from its `connected` event. Treat it as opaque." });

/** Creates the id of a new stream that is found at a place. */
export async function newConnection(namespace: Namespace, place: Place): Promise<string> {
	const objectName = objectNameOf(place);
	const name = objectName.padEnd(Math.ceil(objectName.length / BLOCK_CHARACTERS) * BLOCK_CHARACTERS);
	const bytes = new Uint8Array(IV_BYTES + name.length + TAG_BYTES);
	const iv = crypto.getRandomValues(bytes.subarray(0, IV_BYTES));
	const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await keyOf(namespace), encoder.encode(name));
	bytes.set(new Uint8Array(sealed), IV_BYTES);
	return bytes.toBase64(BASE64);
}

/** Returns the place where a stream is found, or `undefined` when the id is not valid in this deployment. */
export async function holderOf(namespace: Namespace, connection: string): Promise<Place | undefined> {
	const key = await keyOf(namespace);
	try {
		const bytes = Uint8Array.fromBase64(connection, BASE64);
		const iv = bytes.subarray(0, IV_BYTES);
		const name = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, bytes.subarray(IV_BYTES));
		return placeOf(new TextDecoder().decode(name).trimEnd());
	} catch {
		// Not Base64, too short, or not encrypted with this key.
		return undefined;
	}
}
