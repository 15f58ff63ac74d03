import { convertToModelMessages, generateId, streamText, toUIMessageStream, type UIMessage } from "ai";
import { Hono } from "hono";
import { model } from "./model.ts";
import { letRead, publishAnswer } from "./tidings.ts";

interface Chat {
	messages: UIMessage[];
	/** The answer that is being generated. */
	running?: { channel: string; stop: AbortController };
}

/** Your database. */
const chats = new Map<string, Chat>();

function chatOf(id: string): Chat {
	const chat = chats.get(id) ?? { messages: [] };
	chats.set(id, chat);
	return chat;
}

/** The backend of the chats. It hands every answer to tidings, and holds no stream open to any reader. */
export const app = new Hono()
	.get("/api/chat/:id", (c) => c.json(chatOf(c.req.param("id")).messages))

	.post("/api/chat/:id", async (c) => {
		const chat = chatOf(c.req.param("id"));
		if (chat.running) return c.text("The last answer is not complete yet.", 409);
		const running = { channel: `answer:${crypto.randomUUID()}`, stop: new AbortController() };
		chat.messages.push(await c.req.json<UIMessage>());
		chat.running = running;
		void answer(chat, running).finally(() => delete chat.running);
		return c.json(await letRead(running.channel));
	})

	.get("/api/chat/:id/stream", async (c) => {
		const { running } = chatOf(c.req.param("id"));
		return running ? c.json(await letRead(running.channel)) : c.body(null, 204);
	})

	.post("/api/chat/:id/stop", (c) => {
		chatOf(c.req.param("id")).running?.stop.abort();
		return c.body(null, 204);
	});

async function answer(chat: Chat, { channel, stop }: NonNullable<Chat["running"]>): Promise<void> {
	try {
		const messages = await convertToModelMessages(chat.messages);
		const { stream } = streamText({ model, messages, abortSignal: stop.signal });
		const chunks = toUIMessageStream({
			stream,
			originalMessages: chat.messages,
			generateMessageId: generateId,
			onEnd: (ended) => {
				chat.messages = ended.messages;
			},
		});
		await publishAnswer(channel, chunks);
	} catch (error) {
		console.error("The answer could not be published.", error);
		stop.abort();
	}
}
