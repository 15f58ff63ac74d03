import type { Offset } from "../wire/offset.ts";

/** Events that leave together, encoded once for every subscriber that gets the same of them in the same dialect. */
export interface Chunk {
	/** The offset of the last of them. */
	last: Offset;
	/** How many they are. */
	events: number;
	/** Their text, for a response that this object holds. */
	text: Uint8Array;
	/** The message that carries them to a session. */
	message: Uint8Array;
}
