import type { MessageReader } from "../../support/message-reader.ts";

/** The service that the tests of the protocol are run against. */
export interface Target {
	/** A key that may publish to every channel of the tests. */
	publishKey: string;
	/** How the names of all channels begin. */
	prefix: string;
	/** Sends a request. Whatever is refused is refused as the protocol says. */
	send(path: string, init?: RequestInit): Promise<Response>;
	/** Opens a WebSocket. */
	openSocket(path: string, headers?: Record<string, string>): Promise<MessageReader>;
}

declare module "vitest" {
	interface ProvidedContext {
		deployment: Deployment;
	}
}

/** A deployment under test. */
export interface Deployment {
	/** Where it answers, without a slash at the end. */
	url: string;
	/** A key that covers `conformance:*` and `user:conformance-*`. */
	publishKey: string;
}
