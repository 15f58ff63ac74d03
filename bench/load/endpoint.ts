/** Where the load generator subscribes and publishes. It is sent to another process, so it is plain data. */
export interface Endpoint {
	port: number;
	channel: string;
	stream: { path: string; headers: Record<string, string> };
	publish: { path: string; headers: Record<string, string>; form: Form };
}

/**
 * How a server accepts events: as JSON, as finished frames, as lines that are an event each, or in the way of a product
 * whose requests name the channel in the body.
 */
export type Form = "json" | "frames" | "lines" | "mercure" | "centrifugo";

export const BODIES: Record<Form, { type: string; write(events: string[], channel: string): string }> = {
	json: { type: "application/json", write: (events) => JSON.stringify(events.map((data) => ({ data }))) },
	frames: { type: "text/event-stream", write: (events) => events.map((data) => `data: ${data}\n\n`).join("") },
	lines: { type: "text/plain", write: (events) => events.join("\n") },
	mercure: {
		type: "application/x-www-form-urlencoded",
		write: (events, topic) => `${new URLSearchParams({ topic, data: events.join("\n") })}`,
	},
	centrifugo: {
		type: "application/json",
		write: (events, channel) => JSON.stringify({ commands: events.map((data) => ({ publish: { channel, data } })) }),
	},
};

/** The request line and the headers of a request. */
export function requestHead(method: string, path: string, headers: Record<string, string>): string {
	const lines = Object.entries({ Host: "127.0.0.1", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
	return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}
