import type { ControlEvents } from "../wire/control.ts";

/** The client at the end of a relay: how it is written to. */
export interface Client {
	/** What was handed over and has not left yet. */
	readonly unsentBytes: number;
	/** Tells the client something, and its cursor of that moment. */
	control<Type extends keyof ControlEvents>(type: Type, data: ControlEvents[Type], cursor: string): void;
	/**
	 * Hands over events as the Channels wrote them.
	 *
	 * @param cursorAt the cursor of an event by its offset; absent where that is the offset.
	 */
	events(frames: Uint8Array, cursorAt: ((offset: number) => string) | undefined): void;
	/** Keeps the connection alive; with a cursor, it also moves the client there. */
	beat(cursor: string | undefined): void;
	/** Ends the connection without a word: the client has gone. */
	end(): void;
	/** Says why, and ends the connection. */
	close(closing: ControlEvents["closing"], cursor: string): void;
}
