import { TidingsError } from "./tidings-error.ts";
import type { Closing } from "./types.ts";

/** The stream was given up, or has ended with its credentials, to be opened again at once. */
export class Reopening extends Error {
	constructor() {
		super("The credentials of the stream have ended.");
	}
}

/** What a stream has ended with, by what its `closing` says. */
export function closed({ reason, reconnect }: Closing): Error {
	if (reason === "token_expired") return new Reopening();
	const message = `The service has ended the stream: ${reason}.`;
	return reconnect ? new Error(message) : new TidingsError(message, { status: 200, code: reason });
}

/** Whether the service has refused the credentials. */
export function isRefusal(error: unknown): boolean {
	return error instanceof TidingsError && error.status === 401 && !error.isTemporary;
}

/** What has failed once with fresh credentials may go well with the next; what has failed twice will go on to fail. */
export function isFinal(error: unknown, refusals: number): boolean {
	if (isRefusal(error)) return refusals > 1;
	return error instanceof TidingsError && !error.isTemporary;
}
