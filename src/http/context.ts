import type { Context } from "hono";
import type { RequestIdVariables } from "hono/request-id";
import type { Authority } from "../auth/authority.ts";
import type { ChannelObject } from "../channel/channel.ts";
import type { Config, SettingsEnv } from "../config.ts";
import type { Problem } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { MetricsEnv } from "../metrics/metrics-object.ts";
import type { RateLimitEnv } from "../rate-limit.ts";
import { nearTo } from "./placing/near.ts";

/** The environment of a Worker that runs tidings: the settings and the bindings. */
export interface TidingsEnv extends SettingsEnv, MetricsEnv, RateLimitEnv {
	/** The Durable Object namespace of the `Channel` class. */
	CHANNEL: DurableObjectNamespace<ChannelObject>;
	/** The files of the console and of `/docs`. Without it, there are no such pages. */
	ASSETS?: Fetcher;
}

/** The Hono environment of every route. */
export interface AppEnv {
	Bindings: TidingsEnv;
	Variables: RequestIdVariables & {
		/** The checked settings. */
		config: Config;
		/** Writes to the log about this request. */
		logger: Logger;
		/** Decides who sent this request, and what they may do. */
		authority: Authority;
		/** Whether no route of this app has the path, so that another app may answer. */
		isPassedOn?: boolean;
		/** Why the request is refused, or how it failed. */
		problem?: Problem;
	};
}

/** What code outside a Hono handler needs to serve a request. */
export interface RequestScope {
	env: TidingsEnv;
	config: Config;
	logger: Logger;
	authority: Authority;
	/** Where the client is; `undefined` if the runtime does not tell. */
	near: DurableObjectLocationHint | undefined;
}

export function scopeOf(c: Context<AppEnv>): RequestScope {
	return {
		env: c.env,
		config: c.get("config"),
		logger: c.get("logger"),
		authority: c.get("authority"),
		near: nearTo(c.req.raw.cf),
	};
}
