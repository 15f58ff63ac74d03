import { PUBLISH_KEY, Workerd, type WorkerdOptions } from "../../scripts/workerd.ts";
import { type Endpoint, type Form, UPGRADE } from "../load/endpoint.ts";
import { heapBytes } from "../measures/heap.ts";
import type { Credentials } from "./credentials.ts";
import { type EndpointOptions, type Server, started } from "./server.ts";

export interface WorkerServerOptions extends WorkerdOptions {
	name: string;
	form: Form;
	settings?: Record<string, string>;
	/** How its clients subscribe. Default: `events`. */
	stream?: keyof typeof STREAMS;
}

/** What clients subscribe with: a stream of one channel, one of two channels, or a WebSocket of one channel. */
const STREAMS = {
	events: { path: (channel: string) => `/events?channel=${channel}`, headers: {} },
	session: { path: (channel: string) => `/events?channel=${channel}&channel=${channel}:other`, headers: {} },
	socket: { path: (channel: string) => `/ws?channel=${channel}`, headers: UPGRADE },
};

/** Below `/channels/{channel}`. */
const PUBLISH_PATHS = { requests: "events", socket: "publish", live: "events?live=1" };

/** A Worker on plain workerd. */
export class WorkerServer implements Server {
	readonly name: string;
	readonly #options: WorkerServerOptions;
	readonly #credentials: Credentials;
	#workerd: Workerd | undefined;

	constructor(credentials: Credentials, options: WorkerServerOptions) {
		this.name = options.name;
		this.#credentials = credentials;
		this.#options = options;
	}

	async start(): Promise<void> {
		const settings = {
			JWKS_URL: this.#credentials.keysUrl,
			MAX_CONNECTIONS_PER_USER: "1000000",
			// Answers of a language model have more events than a channel remembers by default.
			CHANNEL_RULES: JSON.stringify([{ match: "answer:*", replayEvents: 10_000 }]),
			...this.#options.settings,
		};
		if (this.#workerd) await this.#workerd.restart();
		else this.#workerd = await Workerd.start(settings, this.#options);
	}

	/** Starts its process anew, with more settings. */
	async restart(settings: Record<string, string>): Promise<void> {
		await started(this.#workerd).restart(settings);
	}

	async stop(): Promise<void> {
		await this.#workerd?.kill();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#workerd?.stop();
	}

	get url(): string {
		return started(this.#workerd).url;
	}

	get pids(): number[] {
		return this.#workerd ? [this.#workerd.pid] : [];
	}

	endpoint(channel: string, { credential = "ticket", publishWith = "requests", from }: EndpointOptions = {}): Endpoint {
		const { token, ticket } = this.#credentials;
		const { path: pathOf, headers } = STREAMS[this.#options.stream ?? "events"];
		const path = `${pathOf(channel)}${from === "start" ? "&rewind=all" : ""}`;
		const stream =
			credential === "ticket"
				? { path: `${path}&ticket=${ticket}`, headers }
				: { path, headers: { ...headers, Authorization: `Bearer ${token}` } };
		return {
			port: Number(new URL(this.url).port),
			channel,
			stream,
			publish: {
				path: `/channels/${channel}/${PUBLISH_PATHS[publishWith]}`,
				headers: { Authorization: `Bearer ${PUBLISH_KEY}` },
				form: publishWith === "requests" ? this.#options.form : publishWith,
			},
		};
	}

	/** How many streams and relays a channel has. */
	async state(channel: string): Promise<{ subscribers: number; relays: number }> {
		const headers = { Authorization: `Bearer ${PUBLISH_KEY}` };
		const response = await fetch(`${this.url}/channels/${channel}`, { headers });
		if (!response.ok) throw new Error(`The state of ${channel}: ${response.status} ${await response.text()}`);
		return (await response.json()) as { subscribers: number; relays: number };
	}

	async heapBytes(): Promise<number> {
		return await heapBytes(started(this.#workerd).inspectorUrl, this.url);
	}
}
