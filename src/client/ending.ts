import type { Closing, EndReason } from "../wire/control.ts";
import { TidingsError } from "./tidings-error.ts";

/** The stream has ended with its credentials. Another one is opened at once. */
export class Reopening extends Error {
	constructor() {
		super("The credentials of the stream have ended.");
	}
}

/** Every channel of the connection has ended. */
export class ChannelsEnded extends TidingsError {
	readonly reason: EndReason;

	constructor(reason: EndReason) {
		const message =
			reason === "ended"
				? "Every channel has ended."
				: "The publisher was gone for longer than its lease and has not ended the channel: the events are incomplete.";
		super(message, { status: 200, code: reason });
		this.reason = reason;
	}
}

/** How a connection ended for good. */
export interface Outcome {
	/** How its channels ended, if it is that which ended it. */
	ended?: EndReason;
	/** The error that its loops throw. */
	error?: unknown;
}

/** The error for a stream that the service ended with this `closing`. */
export function closed({ reason, reconnect }: Closing): Error {
	if (reason === "token_expired") return new Reopening();
	if (reason === "ended" || reason === "abandoned") return new ChannelsEnded(reason);
	const message = `The service has ended the stream: ${reason}.`;
	return reconnect ? new Error(message) : new TidingsError(message, { status: 200, code: reason });
}

/** The error for a connection whose `getTicket` or `getToken` returned no credential. */
export function loggedOut(getter: "getTicket" | "getToken"): TidingsError {
	const message = `${getter} returned no credential: nobody is logged in.`;
	return new TidingsError(message, { status: 401, code: "missing_token" });
}

/** Whether the service has refused the credentials. */
export function isRefusal(error: unknown): boolean {
	return error instanceof TidingsError && error.status === 401 && !error.isTemporary;
}

/**
 * Whether connecting again would fail in the same way.
 *
 * @param refusals how many times in a row the service has refused the credentials. The first time, fresh ones may help.
 */
export function isFinal(error: unknown, refusals: number): boolean {
	if (isRefusal(error)) return refusals > 1;
	return error instanceof TidingsError && !error.isTemporary;
}

/** What a connection that this has ended for good comes to. Events that are incomplete must not look complete. */
export function outcomeOf(error: unknown): Outcome {
	if (!(error instanceof ChannelsEnded)) return { error };
	return error.reason === "ended" ? { ended: "ended" } : { ended: error.reason, error };
}
