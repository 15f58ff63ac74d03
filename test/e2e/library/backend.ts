import type { EventInput, PublishConditions, Receipt } from "../../../src/index.ts";

interface Env {
	TIDINGS: {
		publish(channel: string, events: EventInput | EventInput[], conditions?: PublishConditions): Promise<Receipt>;
		publishToUser(subject: string, events: EventInput | EventInput[]): Promise<Receipt>;
	};
}

/** Publishes what it is sent: to a channel, or to a user. */
export default {
	async fetch(request: Request, env: Env): Promise<Response> {
		const { channel, user, events, conditions } = (await request.json()) as {
			channel?: string;
			user?: string;
			events: EventInput[];
			conditions?: PublishConditions;
		};
		try {
			const receipt =
				user === undefined
					? await env.TIDINGS.publish(channel ?? "", events, conditions)
					: await env.TIDINGS.publishToUser(user, events);
			return Response.json(receipt, { status: 201 });
		} catch (error) {
			return Response.json({ message: (error as Error).message }, { status: 500 });
		}
	},
};
