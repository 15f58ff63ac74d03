/** What is kept with a hibernatable WebSocket while its object sleeps: at most 16 KiB. */

/** Reads a WebSocket's attachment; `undefined` if it has none. */
export function readAttachment<Value>(socket: WebSocket): Value | undefined {
	const bytes = socket.deserializeAttachment() as Uint8Array | null;
	return bytes === null ? undefined : (JSON.parse(new TextDecoder().decode(bytes)) as Value);
}

/** Replaces the attachment. It is stored as bytes, so that the size does not depend on how strings are serialised. */
export function writeAttachment(socket: WebSocket, value: object): void {
	socket.serializeAttachment(new TextEncoder().encode(JSON.stringify(value)));
}
