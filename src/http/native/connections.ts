import { type Context, Hono } from "hono";
import type { User } from "../../auth/user.ts";
import { describeIssue, Problem } from "../../errors.ts";
import type { RenewalOutcome } from "../../wire/calls.ts";
import { ALIVE_HEARTBEATS, channelOf } from "../../wire/connection.ts";
import type { Renewal } from "../../wire/subscription.ts";
import { readOptionalJson } from "../body.ts";
import { callChannel } from "../channel-stub.ts";
import type { AppEnv } from "../context.ts";
import { pathParameter } from "../reading/path.ts";
import { prepareRenewal } from "../subscribing.ts";
import { type Renewed, signOfLifeSchema } from "./connections-schema.ts";

const MAX_BODY_BYTES = 1024;

/** `PUT /connections/{connection}`: an open stream lives on with its user's new token, or its client is still there. */
export const connections = new Hono<AppEnv>().put("/connections/:connection", async (c) => {
	const subscriber = await c.get("authority").tokenSubscriber(c.req.raw);
	const renewal = await prepareRenewal(c.env, subscriber);
	const isSignOfLife = await readSignOfLife(c.req.raw);
	const connection = pathParameter(c, "connection");
	const channel = await channelOf(c.env.CHANNEL, connection);
	if (channel === undefined) throw unknownConnection();
	const stream = { connection, channel };
	return c.json(
		isSignOfLife ? await hear(c, stream, subscriber.user) : await renew(c, stream, subscriber.user, renewal),
	);
});

/** An open stream, and the channel that holds it. */
interface OpenStream {
	connection: string;
	channel: string;
}

async function renew(
	c: Context<AppEnv>,
	{ connection, channel }: OpenStream,
	user: User,
	renewal: Renewal,
): Promise<Renewed> {
	const open = await callChannel(c.env, channel, async (stub) => await stub.connection(connection));
	checkOwner(open, user);
	for (const each of open.channels) await c.get("authority").allowSubscribe(user, each);
	const outcome = await callChannel(
		c.env,
		channel,
		async (stub): Promise<RenewalOutcome> => await stub.renew(connection, renewal),
	);
	if (outcome.ok) return { connection, expires: outcome.expires };
	if (outcome.reason === "not_found") throw unknownConnection();
	throw new Problem(
		"invalid_token",
		"Your access was ended, and this token may be older than that, since clocks may differ by a minute. Get a new one.",
	);
}

/** It changes nothing but that the stream's end is looked for. */
async function hear(c: Context<AppEnv>, { connection, channel }: OpenStream, user: User): Promise<Renewed> {
	const open = await callChannel(c.env, channel, async (stub) => await stub.alive(connection, user.sub));
	checkOwner(open, user);
	const aliveSeconds = ALIVE_HEARTBEATS * c.get("authority").config.HEARTBEAT_SECONDS;
	return { connection, expires: open.expires, aliveSeconds };
}

function checkOwner<Open extends { user: string }>(open: Open | undefined, { sub }: User): asserts open is Open {
	if (!open) throw unknownConnection();
	if (open.user !== sub) {
		throw new Problem("insufficient_scope", "This stream was opened by another user. Renew your own.");
	}
}

async function readSignOfLife(request: Request): Promise<boolean> {
	const body = await readOptionalJson(request, MAX_BODY_BYTES, undefined);
	if (body === undefined) return false;
	const checked = signOfLifeSchema.safeParse(body);
	if (checked.success) return true;
	throw new Problem("invalid_request", describeIssue(checked.error, "The body"));
}

function unknownConnection(): Problem {
	return new Problem("not_found", "No open stream has this id. It may have ended: open a new one, with your cursor.");
}
