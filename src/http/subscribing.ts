import { personalChannel } from "../auth/grants.ts";
import type { Lease, User } from "../auth/user.ts";
import { Problem } from "../errors.ts";
import type { SessionOptions } from "../session/session.ts";
import { newConnection } from "../wire/connection.ts";
import { Cursors, type Positions } from "../wire/cursor.ts";
import type { DialectName } from "../wire/dialect/dialects.ts";
import type { Renewal, StartRequest } from "../wire/subscription.ts";
import { callChannel } from "./call-channel.ts";
import { check, checkChannel } from "./check.ts";
import type { RequestScope, TidingsEnv } from "./context.ts";
import { DistinctChannels } from "./distinct-channels.ts";
import { limitSubscribing } from "./rate-limit.ts";
import { channelsSchema } from "./subscribe-schema.ts";
import { workerMeter } from "./worker-meter.ts";

/** A WebSocket keeps up to 16 KiB while its Channel sleeps: so much of it for who somebody is, and for what they want. */
const MAX_IDENTITY_BYTES = 9_500;
const MAX_WISHES_BYTES = 4_900;
/** No cursor of any stream is longer. What is longer is none, and is not carried around in full. */
const MAX_CURSOR_CHARACTERS = 640;

/** What a client asks for, from a query or a message. */
export interface SubscribeRequest {
	channels: readonly string[];
	/** Whether the user's personal channel is added. */
	inbox: boolean;
	types: readonly string[];
	dialect: DialectName;
	presence: boolean;
	cursor: string | undefined;
	rewind: number | "all" | undefined;
	since: number | undefined;
}

/**
 * What a user's request for a stream comes to, for its channels.
 *
 * @throws Problem `invalid_request`, `invalid_channel` or `insufficient_scope`, naming the channel; `rate_limited`.
 */
export async function prepareSubscription(
	{ env, config, logger, authority }: RequestScope,
	{ user, endsAt }: Lease,
	request: SubscribeRequest,
): Promise<SessionOptions> {
	await limitSubscribing(env, user);
	const { HEARTBEAT_SECONDS, RETRY_MILLISECONDS, MAX_BACKLOG_BYTES, MAX_CHANNELS_PER_USER } = config;
	const { rewind, since, types, dialect, presence } = request;
	const cursor = request.cursor?.slice(0, MAX_CURSOR_CHARACTERS);
	const channels = readChannels([...request.channels, ...(request.inbox ? [personalChannel(user.sub)] : [])]);
	for (const channel of channels) await authority.allowSubscribe(user, channel);
	checkIdentity(user);
	checkSize({ channels, types }, MAX_WISHES_BYTES, "channels and types of this stream", "Name fewer");
	limitChannels(user, channels, MAX_CHANNELS_PER_USER);
	const subscription: SessionOptions["subscription"] = {
		connection: await newConnection(env.CHANNEL, channels[0] ?? ""),
		channels,
		...renewalOf(user, endsAt),
		dialect,
		presence,
		// One client reads them all.
		maxBacklogBytes: Math.ceil(MAX_BACKLOG_BYTES / channels.length),
		...(types.length > 0 && { types: [...types] }),
	};
	const cursors = await Cursors.of(channels);
	const positions = cursor === undefined ? new Map<string, number>() : await cursors.parse(cursor);
	const start = { cursor, rewind, since };
	return {
		channels,
		cursors,
		subscription,
		starts: new Map(channels.map((channel) => [channel, startOf(channel, start, positions)])),
		heartbeatMilliseconds: HEARTBEAT_SECONDS * 1000,
		retryMilliseconds: RETRY_MILLISECONDS,
		meter: workerMeter(env, config),
		logger,
		call: (channel, request) => callChannel(env, channel, (stub) => stub.fetch(request)),
	};
}

const opened = new DistinctChannels();

function limitChannels({ sub }: User, channels: readonly string[], max: number): void {
	if (opened.admit(sub, channels, max, Date.now())) return;
	throw new Problem(
		"rate_limited",
		`You may open ${max} different channels within ten minutes (MAX_CHANNELS_PER_USER), and these are more. Try again later.`,
	);
}

/**
 * Where a stream starts in a channel. One that the cursor does not name is new to the client, and starts as if there was
 * no cursor, unless the cursor names none of them: then it is not known what the client has missed, and it is told so.
 */
function startOf(
	channel: string,
	{ cursor, rewind, since }: Pick<SubscribeRequest, "cursor" | "rewind" | "since">,
	positions: Positions,
): StartRequest {
	const position = positions.get(channel);
	if (cursor !== undefined && position !== undefined) return { cursor, position };
	if (cursor !== undefined && positions.size === 0) return { cursor };
	return { ...(rewind !== undefined && { rewind }), ...(since !== undefined && { since }) };
}

function readChannels(names: readonly string[]): string[] {
	return check(channelsSchema, [...new Set(names)].map(checkChannel), "invalid_request").sort();
}

/**
 * What a user's new credentials change about an open stream.
 *
 * @throws Problem `invalid_request` when there are more claims than can be kept with it; `rate_limited`.
 */
export async function prepareRenewal(env: TidingsEnv, { user, endsAt }: Lease): Promise<Renewal> {
	await limitSubscribing(env, user);
	checkIdentity(user);
	return renewalOf(user, endsAt);
}

/** What a channel has to know of a user's credentials, which are in seconds as JWTs are. */
function renewalOf({ sub, claims, expires, issuedAt }: User, endsAt: number): Renewal {
	return {
		user: sub,
		claims,
		expiresAt: expires * 1000,
		endsAt,
		issuedAt: issuedAt === undefined ? undefined : issuedAt * 1000,
	};
}

function checkIdentity({ sub, claims }: User): void {
	checkSize({ sub, claims }, MAX_IDENTITY_BYTES, "claims of these credentials", "Use ones with fewer claims");
}

function checkSize(value: unknown, maxBytes: number, what: string, help: string): void {
	const bytes = new TextEncoder().encode(JSON.stringify(value)).byteLength;
	if (bytes <= maxBytes) return;
	const detail = `The ${what} take ${bytes} bytes as JSON, and a stream can keep ${maxBytes}. ${help}.`;
	throw new Problem("invalid_request", detail);
}
