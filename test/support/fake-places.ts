import { env } from "cloudflare:workers";
import type { TidingsEnv } from "../../src/index.ts";
import { holderOf } from "../../src/wire/connection.ts";
import { CHANNEL_URL, joinResponse, requestedConnection, requestedSubscription } from "../../src/wire/link.ts";
import { movedTo, objectNameOf, requestedAsking } from "../../src/wire/place.ts";
import type { Renewal, Subscription } from "../../src/wire/subscription.ts";

/** What an object that holds streams does with a new one, if it does not hold it. */
type Answer = () => Response;

/** A request for a stream, as an object got it. */
export interface Asked {
	/** The name of the object. */
	object: string;
	/** Where the object is made. */
	region: string | undefined;
	/** Where the client is. */
	near: string | undefined;
	/** The name of the object that the id of the stream names. */
	holder: string | undefined;
	subscription: Subscription;
}

/** Objects that hold the streams of channels, or send them on as a test says. */
export class FakePlaces {
	readonly asked: Asked[] = [];
	/** The objects that were asked about an open stream, by their names. */
	readonly found: string[] = [];
	/** The objects whose sessions have gone. */
	readonly left: string[] = [];
	/** By the names of objects. Any other holds every stream. */
	readonly #answers = new Map<string, Answer>();
	readonly #sockets = new Map<string, WebSocket>();

	/** An object sends new streams on to a relay, or to the origin. */
	move(object: string, relay?: string): void {
		this.#answers.set(object, () => movedTo({ share: 100, ...(relay !== undefined && { relay }) }));
	}

	/** An object answers in another way. */
	answer(object: string, answer: Answer): void {
		this.#answers.set(object, answer);
	}

	/** An object has room. */
	admit(object: string): void {
		this.#answers.delete(object);
	}

	/** The names of the objects that were asked, in that order. */
	get path(): string[] {
		return this.asked.map(({ object }) => object);
	}

	/** The object that holds a session's stream dies. */
	cut(object: string): void {
		this.#sockets.get(object)?.close(1011);
	}

	get namespace(): TidingsEnv["CHANNEL"] {
		const getByName = (object: string, options?: DurableObjectNamespaceGetDurableObjectOptions) => ({
			fetch: (_: string, init: RequestInit) => this.#ask(object, options?.locationHint, init),
			connection: async () => {
				this.found.push(object);
				return { user: "alice", channels: [] };
			},
			renew: async (_: string, { expiresAt }: Renewal) => {
				this.found.push(object);
				return { ok: true, expiresAt };
			},
			alive: async (_: string, user: string) => {
				this.found.push(object);
				return { user, expiresAt: 0 };
			},
		});
		const idFromName = (name: string) => env.CHANNEL.idFromName(name);
		return { getByName, idFromName } as unknown as TidingsEnv["CHANNEL"];
	}

	async #ask(object: string, region: string | undefined, init: RequestInit): Promise<Response> {
		const request = new Request(CHANNEL_URL, init);
		const client = requestedConnection(request);
		const subscription = client?.subscription ?? requestedSubscription(request);
		const holder = await holderOf(env.CHANNEL, subscription.connection);
		const named = holder && objectNameOf(holder);
		this.asked.push({ object, region, near: requestedAsking(request).near, holder: named, subscription });
		const answer = subscription.rejoins ? undefined : this.#answers.get(object);
		if (answer) return answer();
		if (!request.headers.has("Upgrade")) return new Response("data: 1\n\n");
		const [theirs, ours] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
		ours.accept();
		ours.addEventListener("close", () => void this.left.push(object));
		this.#sockets.set(object, ours);
		if (client) return new Response(null, { status: 101, webSocket: theirs });
		return joinResponse(theirs, { position: 10, cursor: 10, resumed: false });
	}
}
