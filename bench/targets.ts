import type { FigureName } from "./figures.ts";
import type { Results } from "./results.ts";

/** A target, and what was measured. */
export interface Outcome {
	target: string;
	wanted: string;
	value: number;
	isReached: boolean;
	/** By how much it was missed, in percent of the target; 0 if it was reached. */
	missedByPercent: number;
}

type At = readonly [name: string, variant: string, server: string, figure: FigureName];

interface Target {
	title: string;
	figure: At;
	/** The figure to divide by. Default: 1. */
	against?: At;
	atMost?: number;
	atLeast?: number;
}

const STREAM_100 = "100 events a second";
const STREAM_500 = "500 events a second";
const LIVE = "live body, one reader";
const LONE = "1,000 subscribers";
const CROWD = "8,000 subscribers";

const TARGETS: Target[] = [
	{
		title: "lone: CPU per delivery, against the floor",
		figure: ["lone", LONE, "tidings", "cpuPerDelivery"],
		against: ["lone", LONE, "floor", "cpuPerDelivery"],
		atMost: 1.15,
	},
	{
		title: "crowd of 8,000: CPU per delivery, against the floor",
		figure: ["crowd", CROWD, "tidings", "cpuPerDelivery"],
		against: ["crowd", CROWD, "floor", "cpuPerDelivery"],
		atMost: 1.2,
	},
	{
		title: "crowd of 8,000: CPU per delivery, against 1,000",
		figure: ["crowd", CROWD, "tidings", "cpuPerDelivery"],
		against: ["lone", LONE, "tidings", "cpuPerDelivery"],
		atMost: 1.1,
	},
	{
		title: "fan: CPU per delivery, relays of 1,000 against one object",
		figure: ["fan", CROWD, "crowds of 1000", "cpuPerDelivery"],
		against: ["fan", CROWD, "one object", "cpuPerDelivery"],
		atMost: 1.2,
	},
	{
		title: "fan: the origin's CPU ms per event for 100 relays",
		figure: ["fan", "origin, 100 relays", "origin apart", "originPerEvent"],
		atMost: 2,
	},
	{
		title: "crowd18k: CPU per delivery, against 1,000",
		figure: ["crowd18k", "one channel", "regions", "cpuPerDelivery"],
		against: ["crowd18k", "one channel", "regions", "cpuOfFew"],
		atMost: 1.2,
	},
	{
		title: "crowd18k: memory per stream, against half of them",
		figure: ["crowd18k", "one channel", "regions", "memoryPerStream"],
		against: ["crowd18k", "one channel", "regions", "memoryOfHalf"],
		atMost: 1.1,
	},
	{
		title: "stream of 500: deliveries per CPU second, against better-sse",
		figure: ["stream", STREAM_500, "tidings", "deliveriesPerCpuSecond"],
		against: ["stream", STREAM_500, "better-sse", "deliveriesPerCpuSecond"],
		atLeast: 8,
	},
	{
		title: "stream of 500: deliveries per CPU second, against nchan",
		figure: ["stream", STREAM_500, "tidings", "deliveriesPerCpuSecond"],
		against: ["stream", STREAM_500, "nchan", "deliveriesPerCpuSecond"],
		atLeast: 2.5,
	},
	{ title: "stream of 500: missing", figure: ["stream", STREAM_500, "tidings", "missing"], atMost: 0 },
	{ title: "stream of 500: p99 ms", figure: ["stream", STREAM_500, "tidings", "p99"], atMost: 180 },
	{ title: "stream of 500: longest behind ms", figure: ["stream", STREAM_500, "tidings", "max"], atMost: 300 },
	{ title: "stream of 100: p99 ms", figure: ["stream", STREAM_100, "tidings", "p99"], atMost: 125 },
	{
		title: "flood: deliveries per CPU second",
		figure: ["flood", "5,000 events a second", "tidings", "deliveriesPerCpuSecond"],
		atLeast: 1_000_000,
	},
	{
		title: "idle: memory per stream, against the floor",
		figure: ["idle", "process", "tidings", "memoryPerStream"],
		against: ["idle", "process", "floor", "memoryPerStream"],
		atMost: 1.1,
	},
	{
		title: "idle: V8 heap KiB per stream",
		figure: ["idle", "heap", "tidings inspected", "heapPerStream"],
		atMost: 6,
	},
	{
		title: "publish, 32 connections: against no storage",
		figure: ["publish", "32 connections", "tidings", "publishes"],
		against: ["publish", "32 connections", "unstored", "publishes"],
		atLeast: 0.95,
	},
	{
		title: "publish, 1 connection: against no storage",
		figure: ["publish", "1 connection", "tidings", "publishes"],
		against: ["publish", "1 connection", "unstored", "publishes"],
		atLeast: 0.6,
	},
	{
		title: "publish, batches of 100: events a second",
		figure: ["publish", "batches of 100, 8 connections", "tidings", "publishes"],
		atLeast: 100_000,
	},
	{
		title: "publish, socket: CPU per event, against 32 connections",
		figure: ["publish", "socket", "tidings", "cpuPerPublish"],
		against: ["publish", "32 connections", "tidings", "cpuPerPublish"],
		atMost: 0.25,
	},
	{ title: "publish, socket: events a second", figure: ["publish", "socket", "tidings", "publishes"], atLeast: 10_000 },
	{
		title: "publish, socket, batches of 100: events a second",
		figure: ["publish", "socket, batches of 100", "tidings", "publishes"],
		atLeast: 100_000,
	},
	{
		title: "publish, live body: CPU µs per event",
		figure: ["publish", LIVE, "tidings", "cpuPerPublish"],
		atMost: 120,
	},
	{
		title: "publish, live body: events a second, against 1 connection",
		figure: ["publish", LIVE, "tidings", "publishes"],
		against: ["publish", "1 connection", "tidings", "publishes"],
		atLeast: 3,
	},
	{
		title: "tokens, live bodies: p99 ms",
		figure: ["tokens", "50 channels, live bodies", "tidings", "p99"],
		atMost: 60,
	},
	{
		title: "tokens, first event of a live body: ms",
		figure: ["tokens", "first event, live body", "tidings", "firstEvent"],
		atMost: 50,
	},
	{
		title: "publish, unstored, 32 connections: CPU per event, against the publish floor",
		figure: ["publish", "32 connections", "unstored", "cpuPerPublish"],
		against: ["publish", "32 connections", "publish floor", "cpuPerPublish"],
		atMost: 1.26,
	},
	{
		title: "storm: time to catch up, against writing the same to open streams",
		figure: ["storm", "100 events behind", "tidings", "caughtUp"],
		against: ["storm", "100 events behind", "tidings", "written"],
		atMost: 2,
	},
	{
		title: "join with a token: CPU per stream, against the verified floor",
		figure: ["join", "token", "tidings", "cpuPerJoin"],
		against: ["join", "token", "verified floor", "cpuPerJoin"],
		atMost: 1.25,
	},
	{
		title: "join with a ticket: CPU per stream, against the verified floor",
		figure: ["join", "ticket", "tidings", "cpuPerJoin"],
		against: ["join", "ticket", "verified floor", "cpuPerJoin"],
		atMost: 1.25,
	},
	{
		title: "sleep: lone, CPU per delivery, against direct",
		figure: ["sleep", LONE, "hibernate", "cpuPerDelivery"],
		against: ["lone", LONE, "tidings", "cpuPerDelivery"],
		atMost: 2,
	},
	{
		title: "sleep: stream of 500, deliveries per CPU second, against direct",
		figure: ["sleep", STREAM_500, "hibernate", "deliveriesPerCpuSecond"],
		against: ["stream", STREAM_500, "tidings", "deliveriesPerCpuSecond"],
		atLeast: 0.5,
	},
];

/** Compares the figures with the targets. Targets without figures are left out. */
export function outcomes(results: Results): Outcome[] {
	return TARGETS.flatMap((target) => {
		const figure = results.median(...target.figure);
		const reference = target.against ? results.median(...target.against) : 1;
		return figure === undefined || reference === undefined ? [] : [outcome(target, figure / reference)];
	});
}

function outcome({ title, atMost, atLeast = 0 }: Target, value: number): Outcome {
	const limit = atMost ?? atLeast;
	const isReached = atMost === undefined ? value >= atLeast : value <= atMost;
	return {
		target: title,
		wanted: `${atMost === undefined ? "≥" : "≤"} ${limit.toLocaleString("en")}`,
		value,
		isReached,
		missedByPercent: isReached ? 0 : (Math.abs(value - limit) / (limit || 1)) * 100,
	};
}
