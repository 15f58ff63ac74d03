import { Hono } from "hono";
import { createTidings, type TidingsEnv } from "../../src/index.ts";
import { placeOf } from "../../src/wire/place.ts";
import { CuttableLink } from "./cuttable-link.ts";

const tidings = createTidings();

/** The names of the objects that live. The Worker and its objects share an isolate here. */
const living = new Set<string>();

/** A channel that can be harmed from outside. */
export class Channel extends tidings.Channel {
	readonly #ties = new Set<CuttableLink>();

	constructor(ctx: DurableObjectState, env: TidingsEnv) {
		super(ctx, env);
		living.add(ctx.id.name ?? "");
	}

	/** Puts a link that can be cut into each tie of a relay. */
	override async fetch(request: Request): Promise<Response> {
		const response = await super.fetch(request);
		if (!response.webSocket || !isTie(request)) return response;
		const link = new CuttableLink(response.webSocket, () => this.#ties.delete(link));
		this.#ties.add(link);
		return new Response(null, { status: 101, webSocket: link.end, headers: response.headers });
	}

	/** Dies in the middle of whatever it does. */
	abort(): void {
		living.delete(this.ctx.id.name ?? "");
		this.ctx.abort("This object was to die.");
	}

	/** Cuts each tie with a probability of a half. Returns how many were cut. */
	cut(): number {
		const chosen = [...this.#ties].filter(() => Math.random() < 0.5);
		for (const tie of chosen) tie.cut();
		return chosen.length;
	}
}
export class Metrics extends tidings.Metrics {}

function isTie(request: Request): boolean {
	return (JSON.parse(request.headers.get("Tidings-Stream") ?? "{}") as { dialect?: string }).dialect === "whole";
}

/** The object to harm: any that lives and is an origin, or that is a relay. */
function victim({ CHANNEL }: TidingsEnv, isRelay: boolean): DurableObjectStub<Channel> | undefined {
	const names = [...living].filter((name) => (placeOf(name).relay !== undefined) === isRelay);
	const name = names[Math.floor(Math.random() * names.length)];
	return name === undefined ? undefined : (CHANNEL as unknown as DurableObjectNamespace<Channel>).getByName(name);
}

/** What is harmed, and how much of it was. */
export default new Hono<{ Bindings: TidingsEnv }>()
	.post("/harm/:what{relays|origins}", async (c) => {
		const object = victim(c.env, c.req.param("what") === "relays");
		if (!object) return c.json(0);
		// The call fails with the object.
		await object.abort().catch(() => undefined);
		return c.json(1);
	})
	.post("/harm/ties", async (c) => c.json((await victim(c.env, false)?.cut()) ?? 0))
	.route("/", tidings.app);
