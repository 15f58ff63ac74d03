import type { Endpoint } from "../load/endpoint.ts";

/** What a server has only once it was started. */
export function started<Value>(value: Value | undefined): Value {
	if (value === undefined) throw new Error("The server has not been started.");
	return value;
}

/** Thrown by {@link Server.start} where the server is not installed. Its cases are not measured, which is no failure. */
export class NotInstalled extends Error {}

/** A server under test. */
export interface Server extends AsyncDisposable {
	readonly name: string;
	/**
	 * Starts the server in new processes.
	 *
	 * @throws NotInstalled
	 */
	start(): Promise<void>;
	/** Ends its processes. It may be started again. */
	stop(): Promise<void>;
	/** Its processes, whose CPU and memory are measured. */
	readonly pids: number[];
	/** @param credential what to open streams with, if the server requires any. Default: a ticket. */
	endpoint(channel: string, credential?: "ticket" | "token"): Endpoint;
	/** The used bytes of V8's heap, if the server has an inspector. */
	heapBytes?(): Promise<number>;
}
