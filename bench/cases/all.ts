import type { Case } from "./case.ts";
import { crowd18kCase } from "./crowd18k.ts";
import { fanCases } from "./fan.ts";
import { idleCases } from "./idle.ts";
import { joinCase } from "./join.ts";
import { loneCase } from "./lone.ts";
import { publishCase, publishLiveCase, publishSocketCase } from "./publish.ts";
import { stormCase } from "./storm.ts";
import { streamCase } from "./stream.ts";
import { tokensCases } from "./tokens.ts";

const lone = loneCase("lone", 1000, 60);
const streams = [100, 500].map((rate) => streamCase("stream", rate, 1));

/** The same work on channels that sleep while their streams or WebSockets are open. A rate between the two would add nothing. */
const sleep = [lone, streamCase("stream", 100, 1), streamCase("stream", 500, 1)].map(({ variant, measure }) => {
	return { name: "sleep", variant, servers: ["hibernate", "socket"], measure };
});

/** A lone event to streams of two channels, which the Worker holds. */
const session = { ...lone, name: "session", servers: ["session"] };

/** All cases, in the order of the report. */
export const CASES: Case[] = [
	lone,
	loneCase("crowd", 4000, 15),
	loneCase("crowd", 8000, 10),
	...fanCases,
	crowd18kCase,
	...streams,
	streamCase("flood", 5000, 100),
	...tokensCases,
	...sleep,
	session,
	...idleCases,
	publishCase("1 connection", { connections: 1 }),
	publishCase("32 connections", { connections: 32 }),
	publishCase("batches of 100, 8 connections", { connections: 8, batch: 100 }),
	publishSocketCase("socket", 1),
	publishSocketCase("socket, batches of 100", 100),
	publishLiveCase,
	publishCase("32 channels", { connections: 32, channels: 32 }),
	stormCase,
	joinCase("token"),
	joinCase("ticket"),
];
