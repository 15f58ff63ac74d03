import type { Endpoint } from "../load/endpoint.ts";

/** What a server has only once it was started. */
export function started<Value>(value: Value | undefined): Value {
	if (value === undefined) throw new Error("The server has not been started.");
	return value;
}

export interface EndpointOptions {
	/** What to open streams with, if the server requires any. Default: a ticket. */
	credential?: "ticket" | "token";
	/** What to publish with. Default: requests. */
	publishWith?: "requests" | "socket" | "live";
	/** Where streams start. Default: live. */
	from?: "start";
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
	endpoint(channel: string, options?: EndpointOptions): Endpoint;
	/** The used bytes of V8's heap, if the server has an inspector. */
	heapBytes?(): Promise<number>;
}
