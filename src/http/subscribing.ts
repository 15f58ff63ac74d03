import { personalChannel } from "../auth/grants.ts";
import type { Lease, User } from "../auth/user.ts";
import { rulesFor } from "../channel-rules.ts";
import { check } from "../check.ts";
import type { Config } from "../config.ts";
import { Problem } from "../errors.ts";
import { limitSubscribing } from "../rate-limit.ts";
import type { SessionOptions } from "../session/session-options.ts";
import { Cursors, type Positions } from "../wire/cursor.ts";
import type { DialectName } from "../wire/dialect/dialects.ts";
import { MAX_BYTES_PER_CHARACTER } from "../wire/intake.ts";
import { channelsSchema } from "../wire/subscribe-schema.ts";
import type { Renewal, StartRequest, Subscription } from "../wire/subscription.ts";
import { checkChannel } from "./check.ts";
import type { RequestScope, TidingsEnv } from "./context.ts";
import { DistinctChannels } from "./limits/distinct-channels.ts";
import { placementOf } from "./placing/placement.ts";
import { workerMeter } from "./worker-meter.ts";

/**
 * While a Channel sleeps, the attachment of a WebSocket holds up to 16 KiB. This is the share of the user's identity, and
 * that of the channels and types that the stream asks for.
 */
const MAX_IDENTITY_BYTES = 9_500;
const MAX_SELECTION_BYTES = 4_900;
/** No valid cursor is longer. A longer one is cut off, so that an invalid cursor takes no memory. */
const MAX_CURSOR_CHARACTERS = 640;

/** A client's request for a stream, from a query or a message. */
export interface SubscribeRequest {
	channels: readonly string[];
	/** Adds the user's personal channel. */
	inbox: boolean;
	types: readonly string[];
	dialect: DialectName;
	gaps?: Subscription["gaps"];
	presence: boolean;
	cursor: string | undefined;
	rewind: number | "all" | undefined;
	since: number | undefined;
}

/**
 * Authorises a request for a stream, and prepares the subscription to its channels.
 *
 * @throws Problem `invalid_request`, `invalid_channel` or `insufficient_scope`, naming the channel; `rate_limited`.
 */
export async function prepareSubscription(
	{ env, config, logger, authority, near }: RequestScope,
	{ user, endsAt, anonymousFrom }: Lease,
	request: SubscribeRequest,
): Promise<SessionOptions> {
	const counted = { sub: anonymousFrom ?? user.sub };
	await limitSubscribing(env, counted);
	const { HEARTBEAT_SECONDS, RETRY_MILLISECONDS, MAX_BACKLOG_BYTES, MAX_CHANNELS_PER_USER } = config;
	const { rewind, since, types, dialect, gaps, presence } = request;
	const cursor = request.cursor?.slice(0, MAX_CURSOR_CHARACTERS);
	const channels = readChannels([...request.channels, ...(request.inbox ? [personalChannel(user.sub)] : [])]);
	for (const channel of channels) await authority.allowSubscribe(user, channel);
	if (presence) checkPresence(config, channels);
	checkIdentity(user);
	checkSize({ channels, types }, MAX_SELECTION_BYTES, "channels and types of this stream", "Name fewer");
	limitChannels(counted, channels, MAX_CHANNELS_PER_USER);
	const subscription: SessionOptions["subscription"] = {
		channels,
		...renewalOf(user, endsAt),
		...(anonymousFrom !== undefined && { anonymousFrom }),
		dialect,
		...(gaps && { gaps }),
		presence,
		// One client reads all channels, so they share its backlog.
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
		placement: placementOf(env, near, logger),
	};
}

/** @throws Problem `insufficient_scope`, naming the channel that tells nobody's presence. */
function checkPresence(config: Config, channels: readonly string[]): void {
	const silent = channels.find((channel) => rulesFor(config, channel).presence === "off");
	if (silent === undefined) return;
	const detail = `The channel ${silent} does not tell who comes and goes (\`presence\` in CHANNEL_RULES). Open the stream without \`presence\`.`;
	throw new Problem("insufficient_scope", detail);
}

const opened = new DistinctChannels();

function limitChannels({ sub }: Pick<User, "sub">, channels: readonly string[], max: number): void {
	if (opened.admit(sub, channels, max, Date.now())) return;
	throw new Problem(
		"rate_limited",
		`These channels exceed the ${max} different ones that you may open within ten minutes (MAX_CHANNELS_PER_USER). Try again later.`,
	);
}

/**
 * Where a stream starts in a channel. A channel that the cursor does not name is new to the client, so it starts as if
 * there were no cursor. If the cursor names none of the stream's channels, nobody knows what the client has missed: each
 * channel then gets the cursor without a position, and reports a gap.
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

function readChannels(names: readonly string[]): [string, ...string[]] {
	return check(channelsSchema, [...new Set(names)].map(checkChannel), "invalid_request").sort();
}

/**
 * Prepares the renewal of an open stream with new credentials of its user.
 *
 * @throws Problem `invalid_request` when the claims are too large, or `rate_limited`.
 */
export async function prepareRenewal(env: TidingsEnv, { user, endsAt }: Lease): Promise<Renewal> {
	await limitSubscribing(env, user);
	checkIdentity(user);
	return renewalOf(user, endsAt);
}

/** What a channel needs to know of the credentials. JWTs are in seconds, the rest of the service in milliseconds. */
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
	checkSize({ sub, claims }, MAX_IDENTITY_BYTES, "claims of these credentials", "Get credentials with fewer claims");
}

function checkSize(value: unknown, maxBytes: number, what: string, help: string): void {
	const json = JSON.stringify(value);
	if (json.length * MAX_BYTES_PER_CHARACTER <= maxBytes) return;
	const bytes = new TextEncoder().encode(json).byteLength;
	if (bytes <= maxBytes) return;
	const detail = `The ${what} take ${bytes} bytes as JSON. A stream can hold ${maxBytes}. ${help}.`;
	throw new Problem("invalid_request", detail);
}
