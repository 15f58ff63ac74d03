import type { RequestIdVariables } from "hono/request-id";
import type { Authority } from "../auth/authority.ts";
import type { ChannelObject } from "../channel/channel.ts";
import type { SettingsEnv } from "../config.ts";
import type { Problem } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { MetricsEnv } from "../metrics/metrics-object.ts";

/** What a Worker that runs tidings has in its environment: the settings, and the channels. */
export interface TidingsEnv extends SettingsEnv, MetricsEnv {
	/** The Durable Object namespace of the `Channel` class. */
	CHANNEL: DurableObjectNamespace<ChannelObject>;
	/** How often a publisher may publish. Without it, there is no limit. */
	PUBLISH_RATE_LIMIT?: RateLimit;
	/** How often a user may open or renew a stream, or ask for a ticket. Without it, there is no limit. */
	SUBSCRIBE_RATE_LIMIT?: RateLimit;
	/** The files of the console and of `/docs`. Without it, there are no such pages. */
	ASSETS?: Fetcher;
}

/** The Hono environment of every route. */
export interface AppEnv {
	Bindings: TidingsEnv;
	Variables: RequestIdVariables & {
		logger: Logger;
		authority: Authority;
		/** Whether no route of this app has the path, so that another one may answer. */
		isPassedOn?: boolean;
		/** What the request is answered with, where it is refused or fails. */
		problem?: Problem;
	};
}
