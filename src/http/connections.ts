import { Hono } from "hono";
import type { RenewalOutcome } from "../channel/channel.ts";
import { channelOf } from "../connection.ts";
import { Problem } from "../errors.ts";
import { callChannel } from "./channel-stub.ts";
import type { Renewed } from "./connections-schema.ts";
import type { AppEnv } from "./env.ts";
import { pathParameter } from "./path.ts";
import { prepareRenewal } from "./subscribing.ts";

/** `PUT /connections/{connection}`: an open stream lives on with its user's new token. */
export const connections = new Hono<AppEnv>().put("/connections/:connection", async (c) => {
	const authority = c.get("authority");
	const subscriber = await authority.tokenSubscriber(c.req.raw);
	const { user } = subscriber;
	const renewal = await prepareRenewal(c.env, subscriber);
	const connection = pathParameter(c, "connection");
	const channel = await channelOf(c.env.CHANNEL, connection);
	if (channel === undefined) throw unknownConnection();
	const open = await callChannel(c.env, channel, async (stub) => await stub.connection(connection));
	if (!open) throw unknownConnection();
	if (open.user !== user.sub) {
		throw new Problem("insufficient_scope", "This stream was opened by another user. Renew your own.");
	}
	for (const each of open.channels) await authority.allowSubscribe(user, each);
	const outcome = await callChannel(
		c.env,
		channel,
		async (stub): Promise<RenewalOutcome> => await stub.renew(connection, renewal),
	);
	if (outcome.ok) return c.json<Renewed>({ connection, expires: outcome.expires });
	if (outcome.reason === "not_found") throw unknownConnection();
	throw new Problem(
		"invalid_token",
		"Your access was ended, and this token may be older than that, since clocks may differ by a minute. Get a new one.",
	);
});

function unknownConnection(): Problem {
	return new Problem("not_found", "No open stream has this id. It may have ended: open a new one, with your cursor.");
}
