import type { Config } from "./config.ts";
import type { ChannelRules } from "./wire/channel-rules.ts";
import { coversPattern, PERSONAL_PREFIX } from "./wire/names.ts";

/**
 * Returns what holds for a channel: what the first rule says that covers it, and the settings where that says nothing.
 * `anonymous` opens a personal channel only in a rule of its full name.
 *
 * @example
 * rulesFor({ ...config, CHANNEL_RULES: [{ match: "status:*", presence: "count" }] }, "status:eu").presence; // "count"
 */
export function rulesFor(config: Config, channel: string): ChannelRules {
	const rule = config.CHANNEL_RULES?.find(({ match }) => coversPattern(match, channel));
	const isShared = !channel.startsWith(PERSONAL_PREFIX) || rule?.match === channel;
	return {
		match: rule?.match ?? null,
		delivery: rule?.delivery ?? config.DELIVERY,
		replayEvents: rule?.replayEvents ?? config.REPLAY_EVENTS,
		replaySeconds: rule?.replaySeconds ?? config.REPLAY_SECONDS,
		maxEventBytes: rule?.maxEventBytes ?? config.MAX_EVENT_BYTES,
		maxSubscribers: rule?.maxSubscribers ?? config.MAX_SUBSCRIBERS,
		crowdSize: rule?.crowdSize ?? config.CROWD_SIZE,
		maxConnectionsPerUser: rule?.maxConnectionsPerUser ?? config.MAX_CONNECTIONS_PER_USER,
		presence: rule?.presence ?? "on",
		anonymous: isShared && (rule?.anonymous ?? false),
	};
}
