/** The floor: the cost of the runtime itself. A finished chunk is written to every stream, and nothing else is done. */
import { DurableObject } from "cloudflare:workers";

interface Env {
	CHANNEL: DurableObjectNamespace<Channel>;
}

export class Channel extends DurableObject<Env> {
	readonly #streams = new Set<ReadableStreamDefaultController<Uint8Array>>();

	override async fetch(request: Request): Promise<Response> {
		if (request.method === "GET") return this.#open();
		const chunk = new Uint8Array(await request.arrayBuffer());
		for (const stream of this.#streams) stream.enqueue(chunk);
		return new Response(null, { status: 204 });
	}

	#open(): Response {
		const start = (stream: ReadableStreamDefaultController<Uint8Array>) => {
			this.#streams.add(stream);
			stream.enqueue(new TextEncoder().encode(":\n\n"));
		};
		return new Response(new ReadableStream({ start }), { headers: { "Content-Type": "text/event-stream" } });
	}
}

export default {
	fetch: (request, env) => env.CHANNEL.getByName("floor").fetch(request),
} satisfies ExportedHandler<Env>;
