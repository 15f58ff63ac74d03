import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach } from "vitest";

/** Answers one request. */
export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const stops: (() => void)[] = [];

afterEach(() => {
	for (const stop of stops.splice(0)) stop();
});

/** Something in the service's place, which gives these answers, the last again and again, until the test has ended. */
export async function startDouble(...answers: Answer[]): Promise<{ url: string; asked: IncomingMessage[] }> {
	const asked: IncomingMessage[] = [];
	const server = createServer((request, response) => {
		const answer = answers[Math.min(asked.length, answers.length - 1)];
		asked.push(request);
		request.resume().on("end", () => answer?.(response, request));
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	stops.push(() => {
		server.close();
		server.closeAllConnections();
	});
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** An answer as a whole. */
export function answer(status: number, headers: Record<string, string>, body: unknown = ""): Answer {
	const text = typeof body === "string" ? body : JSON.stringify(body);
	return (response) => void response.writeHead(status, headers).end(text);
}

/** An event stream that says this, and then stays open. */
export function stream(...texts: string[]): Answer {
	return (response) => {
		response.writeHead(200, { "Content-Type": "text/event-stream" });
		for (const text of texts) response.write(text);
	};
}

/** The first that a stream of the service says. */
export const CONNECTED = frame(
	"connected",
	{ connection: "c.orders", user: "alice", channels: ["orders"], resumed: false, expires: 4_000_000_000 },
	"100",
);

/** A frame of a stream. */
export function frame(event: string, data: unknown, id?: string): string {
	return `event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** The frame of an event of the channel `orders`. */
export function eventFrame(id: string, type = "order"): string {
	return frame(type, { channel: "orders", id, type, at: 1, data: { number: Number(id) } }, id);
}
