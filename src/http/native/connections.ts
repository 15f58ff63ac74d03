import type { Context } from "hono";
import { z } from "zod";
import type { User } from "../../auth/user.ts";
import { check } from "../../check.ts";
import { Problem } from "../../errors.ts";
import type { RenewalOutcome } from "../../wire/calls.ts";
import { ALIVE_HEARTBEATS, connectionSchema, holderOf } from "../../wire/connection.ts";
import type { Place } from "../../wire/place.ts";
import type { Renewal } from "../../wire/subscription.ts";
import { readOptionalJson } from "../body.ts";
import { callChannel } from "../call-channel.ts";
import type { AppEnv } from "../context.ts";
import { CHANNEL, CREDENTIALS, problems } from "../openapi/problems.ts";
import { oneOf } from "../openapi/security.ts";
import { pathParameter } from "../reading/path.ts";
import type { Route } from "../route.ts";
import { prepareRenewal } from "../subscribing.ts";

const MAX_BODY_BYTES = 1024;

/** The body of a request that gives a sign of life. */
const signOfLifeSchema = z.strictObject({ alive: z.literal(true, "must be true") }).meta({ id: "SignOfLife" });

const renewedSchema = z
	.object({
		connection: connectionSchema,
		expires: z.number().meta({ description: "When the stream's credentials end, in unix seconds." }),
		aliveSeconds: z.int().optional().meta({
			description: "To a sign of life: within how many seconds the next one has to come.",
		}),
	})
	.meta({ id: "Renewed" });

type Renewed = z.output<typeof renewedSchema>;

/** `PUT /connections/{connection}`: renews an open stream with a new token, or gives a sign of life for it. */
export const connections: Route = {
	path: "/connections/{connection}",
	method: "put",
	handle: async (c) => {
		const lease = await c.get("authority").leaseForToken(c.req.raw);
		const renewal = await prepareRenewal(c.env, lease);
		const isSignOfLife = await readSignOfLife(c.req.raw);
		const connection = pathParameter(c, "connection");
		const holder = await holderOf(c.env.CHANNEL, connection);
		if (!holder) throw unknownConnection();
		const stream = { connection, holder };
		return c.json(isSignOfLife ? await keepAlive(c, stream, lease.user) : await renew(c, stream, lease.user, renewal));
	},
	describe: () => ({
		operationId: "renewStream",
		tags: ["Subscribe"],
		summary: "Let an open stream live on with a new token, or give a sign of life for it",
		description: "Without a body, the stream is renewed.",
		security: oneOf("token"),
		requestParams: { path: z.object({ connection: connectionSchema }) },
		requestBody: { required: false, content: { "application/json": { schema: signOfLifeSchema } } },
		responses: {
			200: {
				description: "Until when the stream may live.",
				content: { "application/json": { schema: renewedSchema } },
			},
			...problems(
				"invalid_request",
				"not_found",
				...CREDENTIALS,
				...CHANNEL,
				"payload_too_large",
				"unsupported_media_type",
				"rate_limited",
			),
		},
	}),
};

/** An open stream, and where it is found. */
interface OpenStream {
	connection: string;
	holder: Place;
}

async function renew(
	c: Context<AppEnv>,
	{ connection, holder }: OpenStream,
	user: User,
	renewal: Renewal,
): Promise<Renewed> {
	const open = await callChannel(c.env, holder, async (stub) => await stub.connection(connection));
	checkOwner(open, user);
	for (const each of open.channels) await c.get("authority").allowSubscribe(user, each);
	const outcome = await callChannel(
		c.env,
		holder,
		async (stub): Promise<RenewalOutcome> => await stub.renew(connection, renewal),
	);
	if (outcome.ok) return { connection, expires: outcome.expiresAt / 1000 };
	if (outcome.reason === "not_found") throw unknownConnection();
	throw new Problem(
		"invalid_token",
		"Your access was revoked. A token must be issued at least a minute later, since clocks may differ. Get a new token.",
	);
}

/** From now on, the stream is ended unless its client gives a sign of life in time. */
async function keepAlive(c: Context<AppEnv>, { connection, holder }: OpenStream, user: User): Promise<Renewed> {
	const open = await callChannel(c.env, holder, async (stub) => await stub.alive(connection, user.sub));
	checkOwner(open, user);
	const aliveSeconds = ALIVE_HEARTBEATS * c.get("config").HEARTBEAT_SECONDS;
	return { connection, expires: open.expiresAt / 1000, aliveSeconds };
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
	check(signOfLifeSchema, body, "invalid_request", "The body");
	return true;
}

function unknownConnection(): Problem {
	return new Problem("not_found", "No open stream has this id. It may have ended: open a new one, with your cursor.");
}
