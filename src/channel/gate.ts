import type { EndReason } from "../wire/control.ts";
import type { Asking, Destination } from "../wire/place.ts";
import type { Start, Subscription } from "../wire/subscription.ts";

/** A stream that may be opened. */
export interface Admitted {
	/**
	 * Finds where the stream starts. From this call until the stream is registered, everything is synchronous: no event
	 * falls between replay and live, and no other stream is admitted in between.
	 *
	 * @throws Problem if it may not be opened after all.
	 */
	begin(now: number): Start;
	/** Takes the admission back: the stream was not opened. */
	release(): void;
}

/** Decides which streams an object opens. */
export interface Gate {
	/**
	 * Where a new stream is to be opened instead; `undefined` if this object has room for it, or knows that it may not be
	 * opened.
	 */
	elsewhere(subscription: Subscription, asking: Asking): Promise<Destination | undefined>;
	/**
	 * Admits a stream.
	 *
	 * @returns how the channel ended if the client would get nothing, and asks to be told so.
	 * @throws Problem if it may not be opened.
	 */
	admit(subscription: Subscription): Promise<Admitted | EndReason>;
	/** Whether credentials were revoked. */
	isRevoked(credentials: Pick<Subscription, "user" | "issuedAt">): boolean;
}

/** What happens to an object that holds no stream. */
export interface Rest {
	/** Its last stream has ended. */
	begin(now: number): Promise<void>;
	/** A stream has opened. */
	end(): void;
}
