/** The floor of a publish by POST: a Worker reads the body and hands it to an object, which answers at once. */
import { DurableObject } from "cloudflare:workers";

interface Env {
	CHANNEL: DurableObjectNamespace<Channel>;
}

export class Channel extends DurableObject<Env> {
	publish(body: string): number {
		return body.length;
	}
}

export default {
	async fetch(request, env) {
		const length = await env.CHANNEL.getByName("floor").publish(await request.text());
		return Response.json({ length }, { status: 201 });
	},
} satisfies ExportedHandler<Env>;
