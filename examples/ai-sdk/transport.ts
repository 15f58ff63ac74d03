import type { ChatTransport, UIMessage, UIMessageChunk } from "ai";
import { connect } from "tidings/client";
import type { Answer } from "./tidings.ts";

/** Has the backend answer, and reads the answer from tidings. */
export const transport: ChatTransport<UIMessage> = {
	// After a reload, the answer is read from its beginning.
	resumeStreamIsReplay: true,

	async sendMessages({ chatId, messages, abortSignal }) {
		const body = JSON.stringify(messages.at(-1));
		const headers = { "Content-Type": "application/json" };
		return read(await ask(chatId, { method: "POST", headers, body, signal: abortSignal ?? null }), abortSignal);
	},

	async reconnectToStream({ chatId, abortSignal }) {
		const response = await ask(`${chatId}/stream`, { signal: abortSignal ?? null });
		return response.status === 204 ? null : read(response, abortSignal);
	},
};

async function ask(path: string, request: RequestInit): Promise<Response> {
	const response = await fetch(`/api/chat/${path}`, request);
	if (!response.ok) throw new Error(await response.text());
	return response;
}

/** Reads an answer, across whatever breaks there are. It fails if the answer will never be complete. */
async function read(response: Response, signal: AbortSignal | undefined): Promise<ReadableStream<UIMessageChunk>> {
	const { url, channel, ticket }: Answer = await response.json();
	let isCut = false;
	const connection = connect<{ message: UIMessageChunk }>({
		url,
		channels: [channel],
		getTicket: () => ticket,
		rewind: "all",
		onGap: () => {
			isCut = true;
		},
	});
	signal?.addEventListener("abort", () => connection.close());
	const events = connection[Symbol.asyncIterator]();
	return new ReadableStream({
		async pull(controller) {
			const { done, value } = await events.next();
			if (isCut) throw new Error("A part of the answer is no longer remembered.");
			if (done) controller.close();
			else controller.enqueue(value.data);
		},
		cancel: () => connection.close(),
	});
}
