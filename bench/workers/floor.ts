/**
 * The floor: the least that the runtime takes. Finished frames are written to every stream, and nothing else is done. What
 * is published during a round leaves in the next one, as one chunk.
 */
import { DurableObject } from "cloudflare:workers";

/** How many streams are written in one turn: with more, the runtime polls connections that have nothing to send. */
const TILE = 64;

const encoder = new TextEncoder();

interface Env {
	CHANNEL: DurableObjectNamespace<Channel>;
}

export class Channel extends DurableObject<Env> {
	readonly #streams: ReadableStreamDefaultController<Uint8Array>[] = [];
	#unwritten: string[] = [];
	#isWriting = false;

	override async fetch(request: Request): Promise<Response> {
		if (request.method === "GET") return this.#open();
		const frames = await request.text();
		this.#unwritten.push(frames);
		if (!this.#isWriting) this.ctx.waitUntil(this.#write());
		return new Response(null, { status: 204 });
	}

	async #write(): Promise<void> {
		this.#isWriting = true;
		while (this.#unwritten.length > 0) {
			const chunk = encoder.encode(this.#unwritten.join(""));
			this.#unwritten = [];
			for (let from = 0; from < this.#streams.length; from += TILE) {
				for (const stream of this.#streams.slice(from, from + TILE)) stream.enqueue(chunk);
				await scheduler.wait(0);
			}
		}
		this.#isWriting = false;
	}

	#open(): Response {
		const start = (stream: ReadableStreamDefaultController<Uint8Array>) => {
			this.#streams.push(stream);
			stream.enqueue(encoder.encode(":\n\n"));
		};
		return new Response(new ReadableStream({ start }), { headers: { "Content-Type": "text/event-stream" } });
	}
}

export default {
	fetch(request, env) {
		const [, name = ""] = /channel(?:=|s\/)([^&/]+)/.exec(request.url) ?? [];
		return env.CHANNEL.getByName(name).fetch(request);
	},
} satisfies ExportedHandler<Env>;
