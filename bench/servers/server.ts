import type { Endpoint } from "../load/endpoint.ts";

/** A server under test. */
export interface Server extends AsyncDisposable {
	readonly name: string;
	/** Starts it in new processes. */
	start(): Promise<void>;
	/** Ends its processes; it may be started again. */
	stop(): Promise<void>;
	/** Its processes: what they use is what it costs. */
	readonly pids: number[];
	/** @param credential what opens streams, where the server asks for any: a ticket unless a token is wanted. */
	endpoint(channel: string, credential?: "ticket" | "token"): Endpoint;
	/** Bytes in V8's heap, where that can be asked. */
	heapBytes?(): Promise<number>;
}
