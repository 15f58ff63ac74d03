import { Hono } from "hono";
import { createTidings, type TidingsEnv } from "../../../src/index.ts";

const tidings = createTidings();

/** How often each channel's object was made. The Worker and its objects share an isolate here. */
const made = new Map<string, number>();

export class Channel extends tidings.Channel {
	constructor(ctx: DurableObjectState, env: TidingsEnv) {
		super(ctx, env);
		const name = ctx.id.name ?? "";
		made.set(name, (made.get(name) ?? 0) + 1);
	}
}

export default new Hono<{ Bindings: TidingsEnv }>()
	.get("/made/:channel", (c) => c.json(made.get(c.req.param("channel")) ?? 0))
	.route("/", tidings.app);
