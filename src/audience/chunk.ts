/** Events that leave together, encoded once for everybody who gets the same of them in the same form. */
export interface Chunk {
	/** The offset of the last of them. */
	offset: number;
	/** How many they are. */
	events: number;
	/** For those who hold the client's response. */
	frames: Uint8Array;
	/** For those at the other end of a WebSocket. */
	message: Uint8Array;
}
