import type { Config } from "../config.ts";
import { type Meter, meterOf } from "../metrics/meter.ts";
import type { MetricsEnv } from "../metrics/metrics-object.ts";

const meters = new WeakMap<MetricsEnv, Meter | undefined>();

/** The meter of this isolate of the Worker: one for all requests, since it costs as much to report for many as for one. */
export function workerMeter(env: MetricsEnv, { HEARTBEAT_SECONDS }: Config): Meter | undefined {
	const meter = meters.has(env) ? meters.get(env) : meterOf(env, `worker:${crypto.randomUUID()}`, HEARTBEAT_SECONDS);
	meters.set(env, meter);
	return meter;
}
