import type { Config } from "../config.ts";
import { type Meter, meterOf } from "../metrics/meter.ts";
import type { MetricsEnv } from "../metrics/metrics-object.ts";

const meters = new WeakMap<MetricsEnv, Meter | undefined>();

/** The meter that all requests of this isolate share: a report costs the same for many requests as for one. */
export function workerMeter(env: MetricsEnv, { HEARTBEAT_SECONDS }: Config): Meter | undefined {
	const meter = meters.has(env)
		? meters.get(env)
		: meterOf(env, `worker:${crypto.randomUUID()}`, HEARTBEAT_SECONDS * 1000);
	meters.set(env, meter);
	return meter;
}
