/** A route of TanStack AI whose answers go on where a client was, and can be joined from another tab or after a reload. */
import {
	type ModelMessage,
	resumeServerSentEventsResponse,
	type StreamChunk,
	type StreamDurability,
	toServerSentEventsResponse,
} from "@tanstack/ai";
import { tidingsStream } from "tidings/tanstack";

const { TIDINGS_URL = "http://localhost:8787", TIDINGS_KEY = "local-publish-key-0123456789abcdef" } = process.env;

/** @param answer such as `(messages) => chat({ adapter: openaiText("gpt-5.5"), messages })`. */
export function chatRoute(answer: (messages: ModelMessage[]) => AsyncIterable<StreamChunk>) {
	return {
		async POST(request: Request): Promise<Response> {
			const { messages }: { messages: ModelMessage[] } = await request.json();
			return toServerSentEventsResponse(answer(messages), { durability: { adapter: durability(request) } });
		},
		async GET(request: Request): Promise<Response> {
			return resumeServerSentEventsResponse({ adapter: durability(request) });
		},
	};
}

function durability(request: Request): StreamDurability {
	return tidingsStream(request, { url: TIDINGS_URL, key: TIDINGS_KEY });
}
