import type { Counts } from "../audience/counts.ts";
import type { ObserverHooks } from "../audience/hooks.ts";
import type { Config } from "../config.ts";
import type { Logger } from "../logger.ts";
import type { RateLimitEnv } from "../rate-limit.ts";
import type { ChannelRules } from "../wire/channel-rules.ts";
import type { OriginCalls, RelayCalls } from "./calls.ts";
import type { VerifyRenewal } from "./client-sockets.ts";

/** What the origin of a channel and its relays are made of. */
export interface Parts {
	ctx: DurableObjectState;
	env: RateLimitEnv;
	channel: string;
	config: Config;
	rules: ChannelRules;
	counts: Counts;
	logger: Logger;
	hooks: ObserverHooks;
	/** Verifies what clients renew their streams with over a WebSocket. */
	verify: VerifyRenewal;
	/** The object of the channel's origin. */
	originObject(): OriginCalls;
	/** The object of one of its relays. */
	relayObject(relay: string): RelayCalls;
}
