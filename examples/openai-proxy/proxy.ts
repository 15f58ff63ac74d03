import { Hono } from "hono";

const {
	PROVIDER_URL = "https://api.openai.com/v1",
	PROVIDER_KEY = "",
	TIDINGS_URL = "http://localhost:8787",
	TIDINGS_KEY = "local-publish-key-0123456789abcdef",
} = process.env;

/** What the provider answers at once, by the key of the request; nothing if its answer is a stream. Your database. */
const asked = new Map<string, Promise<Response | undefined>>();

/** An API like the provider's, whose streams are read from tidings: from the start, by all who ask with the same key. */
export const proxy = new Hono().post("/v1/chat/completions", async (c) => {
	const key = c.req.header("Idempotency-Key") ?? crypto.randomUUID();
	const channel = `answer:${key}`;
	const asking = asked.get(key) ?? ask(channel, await c.req.text());
	asked.set(key, asking);
	const answer = await asking.catch(unavailable);
	if (!answer) return c.redirect(await streamUrl(channel), 303);
	asked.delete(key);
	return answer.clone();
});

/** Asks the provider, and has its stream piped into a channel. */
async function ask(channel: string, body: string): Promise<Response | undefined> {
	const answer = await fetch(`${PROVIDER_URL}/chat/completions`, {
		method: "POST",
		headers: { Authorization: `Bearer ${PROVIDER_KEY}`, "Content-Type": "application/json" },
		body,
	});
	const type = answer.headers.get("Content-Type") ?? "text/plain";
	if (!type.startsWith("text/event-stream")) {
		return new Response(await answer.text(), { status: answer.status, headers: { "Content-Type": type } });
	}
	publish(channel, answer.body).catch((error: unknown) => console.error("The answer could not be published.", error));
	return undefined;
}

function unavailable(error: unknown): Response {
	console.error("The provider could not be asked.", error);
	return Response.json({ error: { message: "The provider could not be asked." } }, { status: 502 });
}

/** Publishes an answer as it comes. */
async function publish(channel: string, answer: BodyInit | null): Promise<void> {
	const request = {
		method: "POST",
		headers: { Authorization: `Bearer ${TIDINGS_KEY}`, "Content-Type": "text/event-stream" },
		body: answer,
		duplex: "half",
	};
	const response = await fetch(`${TIDINGS_URL}/channels/${channel}/events?live=1&end=1&lease=30`, request);
	if (!response.ok) throw new Error(await response.text());
}

/** Where an answer is read, from its beginning and just as the provider wrote it. Your backend knows who may read it. */
async function streamUrl(channel: string): Promise<string> {
	const response = await fetch(`${TIDINGS_URL}/tickets`, {
		method: "POST",
		headers: { Authorization: `Bearer ${TIDINGS_KEY}`, "Content-Type": "application/json" },
		body: JSON.stringify({ user: "alice", channels: [channel] }),
	});
	if (!response.ok) throw new Error(await response.text());
	const { ticket } = (await response.json()) as { ticket: string };
	return `${TIDINGS_URL}/events?channel=${channel}&control=0&lastEventId=0&ticket=${ticket}`;
}
