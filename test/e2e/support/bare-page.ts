import { once } from "node:events";
import { createServer, get, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

/** What a page has seen of its `EventSource`: an event, and the `readyState` after it. */
interface Seen {
	type: string;
	data?: string;
	state: number;
}

const PAGE = `<!doctype html><title>A page with nothing but an EventSource</title><script>
	const source = new EventSource("/events");
	const seen = [];
	for (const type of ["message", "closing", "error"]) {
		source.addEventListener(type, ({ data }) => {
			seen.push({ type, data, state: source.readyState });
			fetch("/seen", { method: "POST", body: JSON.stringify(seen) });
		});
	}
</script>`;

/**
 * A page with nothing but an `EventSource`, for any browser: it tells this server what it sees. The server is also its
 * network, which a test can cut.
 */
export class BarePage {
	/** What it has seen, in order. */
	seen: Seen[] = [];
	/** The cursor of each request for the stream. */
	readonly cursors: (string | undefined)[] = [];
	readonly #server = createServer((request, response) => void this.#answer(request, response));
	readonly #stream: string;
	#open: ServerResponse | undefined;
	#network = Promise.withResolvers<void>();

	/** @param stream the URL of its stream, with credentials. */
	static async of(stream: string): Promise<BarePage> {
		const page = new BarePage(stream);
		page.mend();
		page.#server.listen(0, "127.0.0.1");
		await once(page.#server, "listening");
		return page;
	}

	private constructor(stream: string) {
		this.#stream = stream;
	}

	get url(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
	}

	/** Cuts the stream, and holds requests for another one until {@link mend}. */
	cut(): void {
		this.#network = Promise.withResolvers();
		this.#open?.destroy();
	}

	mend(): void {
		this.#network.resolve();
	}

	stop(): void {
		this.#server.close();
		this.#server.closeAllConnections();
	}

	async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		if (request.url === "/") response.setHeader("Content-Type", "text/html").end(PAGE);
		else if (request.url === "/events") await this.#forward(request, response);
		else if (request.url === "/seen") this.#see((await json(request)) as Seen[], response);
		else response.writeHead(404).end();
	}

	/** Each report has everything so far, since two of them may come in either order. */
	#see(seen: Seen[], response: ServerResponse): void {
		if (seen.length > this.seen.length) this.seen = seen;
		response.end();
	}

	async #forward({ headers: { "last-event-id": cursor } }: IncomingMessage, response: ServerResponse): Promise<void> {
		this.cursors.push(cursor?.toString());
		await this.#network.promise;
		this.#open = response;
		const headers = cursor === undefined ? {} : { "Last-Event-ID": cursor };
		const upstream = get(this.#stream, { headers }, (answer) => {
			response.writeHead(answer.statusCode ?? 502, answer.headers);
			answer.pipe(response);
		});
		upstream.on("error", () => response.destroy());
		response.on("close", () => upstream.destroy());
	}
}
