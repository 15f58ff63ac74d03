import { z } from "zod";
import { listedSubscriberSchema } from "../../wire/listed-subscriber.ts";
import { callChannel } from "../call-channel.ts";
import type { Route } from "../route.ts";
import { administeredChannel, CHANNEL_SUBSCRIBERS_PATH, describeAdministering } from "./channel.ts";

/** `GET /channels/{channel}/subscribers`: the open streams of a channel. */
export const subscribers: Route = {
	path: CHANNEL_SUBSCRIBERS_PATH,
	method: "get",
	handle: async (c) => {
		const channel = await administeredChannel(c);
		return c.json(await callChannel(c.env, { channel }, async (stub) => await stub.subscribers()));
	},
	describe: () =>
		describeAdministering({
			operationId: "listSubscribers",
			summary: "Who is listening",
			answer: z.array(listedSubscriberSchema),
			answers: "The open streams, in the order in which they were opened.",
		}),
};
