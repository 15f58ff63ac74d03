import { channelStateSchema } from "../../wire/state.ts";
import { callChannel } from "../call-channel.ts";
import type { Route } from "../route.ts";
import { administeredChannel, CHANNEL_PATH, describeAdministering } from "./channel.ts";

/** `GET /channels/{channel}`: the state of a channel. */
export const state: Route = {
	path: CHANNEL_PATH,
	method: "get",
	handle: async (c) => {
		const channel = await administeredChannel(c);
		return c.json(await callChannel(c.env, { channel }, (stub) => stub.state()));
	},
	describe: () =>
		describeAdministering({
			operationId: "readChannel",
			summary: "How a channel stands",
			answer: channelStateSchema,
			answers: "How it stands.",
		}),
};
