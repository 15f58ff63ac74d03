import { setTimeout } from "node:timers/promises";
import type { UIMessageChunk } from "ai";
import { createPublisher, TidingsError } from "tidings/publish";

const { TIDINGS_URL = "http://localhost:8787", TIDINGS_KEY = "local-publish-key-0123456789abcdef" } = process.env;
const publisher = createPublisher({ url: TIDINGS_URL, key: TIDINGS_KEY });
const MAX_ATTEMPTS = 20;

/** Where an answer is to be read. */
export interface Answer {
	url: string;
	channel: string;
	ticket: string;
}

/** Lets somebody read an answer, for an hour. Whoever asks has to be a user who may: your backend knows that. */
export async function letRead(channel: string): Promise<Answer> {
	const response = await fetch(`${TIDINGS_URL}/tickets`, {
		method: "POST",
		headers: { Authorization: `Bearer ${TIDINGS_KEY}`, "Content-Type": "application/json" },
		body: JSON.stringify({ user: "alice", channels: [channel], resumable: true }),
	});
	if (!response.ok) throw new Error(await response.text());
	const { ticket } = (await response.json()) as { ticket: string };
	return { url: TIDINGS_URL, channel, ticket };
}

/**
 * Publishes an answer while it is generated. After a break it is published again from the start under the same key, and
 * nothing is stored twice. If this process dies, its readers are told so after the lease.
 */
export async function publishAnswer(channel: string, chunks: ReadableStream<UIMessageChunk>): Promise<void> {
	const events = repeatable(chunks);
	for (let attempt = 1; ; attempt += 1) {
		try {
			await publisher.pipe(channel, events, { end: true, lease: 30, idempotencyKey: channel });
			return;
		} catch (error) {
			const isRefused = error instanceof TidingsError && !error.isTemporary;
			if (isRefused || attempt === MAX_ATTEMPTS) throw error;
			await setTimeout(500);
		}
	}
}

/** Makes events of chunks, which can be read again from the start: all that was read is kept. */
function repeatable(chunks: ReadableStream<UIMessageChunk>): AsyncIterable<{ data: UIMessageChunk }> {
	const reader = chunks.getReader();
	const reads: ReturnType<typeof reader.read>[] = [];
	return {
		async *[Symbol.asyncIterator]() {
			for (let index = 0; ; index += 1) {
				reads[index] ??= reader.read();
				const read = await reads[index];
				if (!read || read.done) return;
				yield { data: read.value };
			}
		},
	};
}
