/** Where the load generator subscribes and publishes. It is sent to another process, so it is plain data. */
export interface Endpoint {
	port: number;
	channel: string;
	stream: Target;
	publish: Target & { form: Form };
	/** What has to be created with a PUT first. */
	create?: Target;
}

export interface Target {
	path: string;
	headers: Record<string, string>;
}

/**
 * How a server accepts events: as JSON, as finished frames, as lines that are an event each, as messages of a WebSocket
 * that stays open, as frames of a body that does not end, or in the way of a product.
 */
export type Form = "json" | "frames" | "lines" | "socket" | "live" | "mercure" | "centrifugo" | "durable streams";

export const FRAMES = "text/event-stream";

/** Writes events as frames. */
export function framesOf(events: string[]): string {
	return events.map((data) => `data: ${data}\n\n`).join("");
}

/** What the body of a POST is made of. */
export const BODIES: Record<
	Exclude<Form, "socket" | "live">,
	{ type: string; write(events: string[], channel: string): string }
> = {
	json: { type: "application/json", write: (events) => JSON.stringify(events.map((data) => ({ data }))) },
	frames: { type: FRAMES, write: framesOf },
	lines: { type: "text/plain", write: (events) => events.join("\n") },
	mercure: {
		type: "application/x-www-form-urlencoded",
		write: (events, topic) => `${new URLSearchParams({ topic, data: events.join("\n") })}`,
	},
	centrifugo: {
		type: "application/json",
		write: (events, channel) => JSON.stringify({ commands: events.map((data) => ({ publish: { channel, data } })) }),
	},
	"durable streams": { type: "application/json", write: (events) => JSON.stringify(events) },
};

/** The headers of a request that asks for a WebSocket. */
export const UPGRADE = {
	Connection: "Upgrade",
	Upgrade: "websocket",
	"Sec-WebSocket-Version": "13",
	"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

/** The request line and the headers of a request. */
export function requestHead(method: string, path: string, headers: Record<string, string>): string {
	const lines = Object.entries({ Host: "127.0.0.1", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
	return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}
