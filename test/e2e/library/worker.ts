import { DurableObject, env } from "cloudflare:workers";
import { Hono } from "hono";
import { createTidings, type TidingsEnv } from "../../../src/index.ts";

/** Remembers what the observer hooks saw. */
export class Witness extends DurableObject {
	readonly #seen: string[] = [];

	see(what: string): void {
		this.#seen.push(what);
	}

	seen(): string[] {
		return this.#seen;
	}
}

interface Env extends TidingsEnv {
	WITNESS: DurableObjectNamespace<Witness>;
}

const witness = () => (env as unknown as Env).WITNESS.getByName("witness");

const tidings = createTidings({
	authenticate: (token) => {
		if (token === "broken") throw new Error("the session store is down");
		const [sub = "", ...channels] = token.split("+");
		if (sub === "nobody") return null;
		return { sub, expires: Date.now() / 1000 + 60, channels, claims: { vip: sub === "vera" }, publish: ["chat:*"] };
	},
	authorizeSubscribe: (user, channel) => {
		if (channel === "chat:broken") throw new Error("no");
		return user.sub !== "banned";
	},
	authorizePublish: async (publisher, channel) => {
		if (channel === "chat:broken") throw new Error("no");
		if (channel === "locked") return false;
		return publisher.kind !== "user" || publisher.user.sub !== "banned";
	},
	channelRules: [
		{ match: "board:*", replayEvents: 1 },
		{ match: "chat:*", replayEvents: 7 },
	],
	onConnect: async ({ user, channel }) => {
		await witness().see(`${user} joined ${channel}`);
		if (channel === "chat:observer-broken") throw new Error("the observer is broken");
	},
	onDisconnect: async ({ user, channel }, reason) => {
		await witness().see(`${user} left ${channel}: ${reason}`);
		throw new Error("the observer is broken");
	},
});

export class Channel extends tidings.Channel {}
export class PublishService extends tidings.PublishService {}

export default new Hono<{ Bindings: Env }>()
	.get("/", (c) => c.text("the user's own page"))
	.get("/seen", async (c) => c.json(await witness().seen()))
	.route("/sse", tidings.app);
