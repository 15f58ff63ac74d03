/**
 * `npm run soak`: kills the service at random moments while events flow, and counts what was lost.
 *
 *     npm run soak -- --seconds 60 --delivery hibernate
 */
import { z } from "zod";
import { readOptions } from "../scripts/command-line.ts";
import { whole } from "../src/whole.ts";
import { type SoakResult, soak } from "./soak.ts";

const ABOUT = "Kills the service at random moments while events flow, and counts lost and repeated events.";

const { seconds, delivery } = readOptions("npm run soak --", ABOUT, {
	seconds: { value: "COUNT", help: "how long to run", schema: whole(1, 86_400), default: "60" },
	delivery: {
		value: "WAY",
		help: "the setting DELIVERY: direct or hibernate",
		schema: z.enum(["direct", "hibernate"], "must be direct or hibernate"),
		default: "direct",
	},
});

const print = ({ seconds, kills, events, deliveries, lost, twice, outOfOrder, reused }: SoakResult) =>
	console.log(
		`${seconds.toFixed(0)} s: ${events} events, ${deliveries} deliveries, ${kills} kills; lost ${lost}, twice ${twice}, out of order ${outOfOrder}, offsets reused ${reused}`,
	);

const result = await soak({ seconds, kills: 1, delivery }, ({ seconds, kills, events }) =>
	console.log(`${seconds.toFixed(0)} s: ${events} events, ${kills} kills so far`),
);
print(result);
const isSound = result.events > 0 && result.lost + result.twice + result.outOfOrder + result.reused === 0;
console.log(
	isSound ? "No acknowledged event was lost, and none came twice." : "Events were lost, repeated or out of order.",
);
process.exitCode = isSound ? 0 : 1;
