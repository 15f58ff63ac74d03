/**
 * tidings, whose objects run in several processes. Each runs the relays of a region and answers the clients there, and the
 * first one also runs the origins. An object of another process is called over HTTP.
 */
import { createTidings, type TidingsEnv } from "../../src/index.ts";
import { CHANNEL_URL } from "../../src/wire/link.ts";
import { placeOf, regionOf } from "../../src/wire/place.ts";

interface Env extends TidingsEnv {
	CHANNEL: DurableObjectNamespace<Channel>;
	/** Where all clients of this process are; empty: nobody knows. */
	CONTINENT: string;
	/** The region of the relays near them. */
	REGION: string;
	/** The URLs of the processes by their region, as JSON. */
	PROCESSES: string;
}

type Call = (...values: unknown[]) => Promise<unknown>;

const tidings = createTidings();

export class Channel extends tidings.Channel {
	constructor(ctx: DurableObjectState, env: Env) {
		super(ctx, spread(env));
	}

	/** Dies in the middle of whatever it does. */
	die(): void {
		this.ctx.abort("This object was to die.");
	}
}

export const { Metrics } = tidings;

export default {
	async fetch(request, env, ctx) {
		const [, objectName, method] = /\/objects\/([^/]+)(?:\/(\w+))?$/.exec(new URL(request.url).pathname) ?? [];
		if (objectName !== undefined)
			return await answer(request, env.CHANNEL.getByName(decodeURIComponent(objectName)), method);
		const cf = env.CONTINENT === "" ? {} : { continent: env.CONTINENT };
		return await tidings.app.fetch(new Request(request, { cf }), spread(env), ctx);
	},
} satisfies ExportedHandler<Env>;

/** Answers another process that calls an object of this one. */
async function answer(
	request: Request,
	stub: DurableObjectStub<Channel>,
	method: string | undefined,
): Promise<Response> {
	if (method === undefined) return await stub.fetch(CHANNEL_URL, { headers: request.headers });
	const values = (await request.json()) as unknown[];
	const call = (stub as unknown as Record<string, Call>)[method];
	return Response.json((await call?.(...values.map((value) => value ?? undefined))) ?? null);
}

const spreads = new WeakMap<object, Env>();

/** The bindings, with a namespace that finds the objects of all processes. */
function spread(env: Env): Env {
	const known = spreads.get(env.CHANNEL);
	if (known) return known;
	const processes = JSON.parse(env.PROCESSES) as Record<string, string>;
	const getByName: typeof env.CHANNEL.getByName = (name, options) => {
		const region = regionOf(placeOf(name).relay ?? "") ?? "";
		if (region === env.REGION) return env.CHANNEL.getByName(name, options);
		return remoteStub(`${processes[region]}/objects/${encodeURIComponent(name)}`);
	};
	const namespace = new Proxy(env.CHANNEL, {
		get(target, key) {
			if (key === "getByName") return getByName;
			const value = Reflect.get(target, key);
			return typeof value === "function" ? value.bind(target) : value;
		},
	});
	const spread = { ...env, CHANNEL: namespace };
	spreads.set(env.CHANNEL, spread);
	return spread;
}

/** Calls an object of another process. */
function remoteStub(url: string): DurableObjectStub<Channel> {
	const call =
		(method: string) =>
		async (...values: unknown[]) => {
			const response = await fetch(`${url}/${method}`, { method: "POST", body: JSON.stringify(values) });
			if (!response.ok) throw new Error(`${method} failed: ${await response.text()}`);
			return await response.json();
		};
	const target = { fetch: (_: string, init: RequestInit) => fetch(url, init) };
	return new Proxy(target, {
		get: (target, key) => (key === "fetch" ? target.fetch : call(String(key))),
	}) as unknown as DurableObjectStub<Channel>;
}
