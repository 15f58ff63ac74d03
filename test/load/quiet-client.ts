/**
 * A client with a WebSocket that pings and an event stream that gives a sign of life, once each: `ready` is printed when
 * both are open. Its network is then taken away.
 */
import { once } from "node:events";
import WebSocket from "ws";
import { SseReader } from "../support/sse.ts";

const [url = "", token = "", spoken = "", streamed = ""] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${token}` };

const socket = new WebSocket(`${url.replace("http", "ws")}/ws`);
await once(socket, "open");
socket.send(JSON.stringify({ type: "auth", token, channels: [spoken] }));
await once(socket, "message");
socket.send('{"type":"ping"}');
await once(socket, "message");

const stream = await fetch(`${url}/events?channel=${streamed}`, { headers });
const reader = new SseReader(stream);
const { connection } = (await reader.expect("connected")).data as { connection: string };
const answer = await fetch(`${url}/connections/${connection}`, {
	method: "PUT",
	headers: { ...headers, "Content-Type": "application/json" },
	body: '{"alive":true}',
});
if (!answer.ok) throw new Error(await answer.text());
console.log("ready");
await reader.rest();
