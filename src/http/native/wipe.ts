import { Problem } from "../../errors.ts";
import { callChannel } from "../call-channel.ts";
import { queryOf } from "../reading/query.ts";
import type { Route } from "../route.ts";
import { administeredChannel, CHANNEL_PATH, describeAdministering, type Ended, endedSchema } from "./channel.ts";

/** `DELETE /channels/{channel}`: ends all streams of a channel and deletes its events. */
export const wipe: Route = {
	path: CHANNEL_PATH,
	method: "delete",
	handle: async (c) => {
		const channel = await administeredChannel(c);
		if (queryOf(c.req.url) !== "") {
			const detail =
				"This route wipes the whole channel, so it takes no query. To end single streams, DELETE …/subscribers?user= or ?connection=.";
			throw new Problem("invalid_request", detail);
		}
		const ended = await callChannel(c.env, { channel }, async (stub) => await stub.wipe());
		return c.json<Ended>({ channel, ended });
	},
	describe: () =>
		describeAdministering({
			operationId: "wipeChannel",
			summary: "End all streams and forget all events",
			answer: endedSchema,
			answers: "How many streams were ended.",
		}),
};
