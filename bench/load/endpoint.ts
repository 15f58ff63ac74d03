/** Where the load generator subscribes and publishes. It is sent to another process, so it is plain data. */
export interface Endpoint {
	port: number;
	stream: { path: string; headers: Record<string, string> };
	publish: { path: string; headers: Record<string, string>; form: Form };
}

/** How a server accepts events: as JSON, as finished frames, or as lines that are an event each. */
export type Form = "json" | "frames" | "lines";

export const BODIES: Record<Form, { type: string; write(events: string[]): string }> = {
	json: { type: "application/json", write: (events) => JSON.stringify(events.map((data) => ({ data }))) },
	frames: { type: "text/event-stream", write: (events) => events.map((data) => `data: ${data}\n\n`).join("") },
	lines: { type: "text/plain", write: (events) => events.join("\n") },
};

/** The request line and the headers of a request. */
export function requestHead(method: string, path: string, headers: Record<string, string>): string {
	const lines = Object.entries({ Host: "127.0.0.1", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
	return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}
