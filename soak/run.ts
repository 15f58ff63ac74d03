/**
 * `npm run soak`: kills the service at random moments while events flow, and counts what was lost.
 *
 *     npm run soak -- --seconds 60 --delivery hibernate
 *     npm run soak -- --seconds 120 --delivery both --crowd-size 3
 */
import { z } from "zod";
import { readOptions } from "../scripts/command-line.ts";
import { whole } from "../src/whole.ts";
import { type SoakResult, soak } from "./soak.ts";

const ABOUT = "Kills the service at random moments while events flow, and counts lost and repeated events.";

const options = readOptions("npm run soak --", ABOUT, {
	seconds: { value: "COUNT", help: "how long to run", schema: whole(1, 86_400), default: "60" },
	delivery: {
		value: "WAY",
		help: "the setting DELIVERY: direct, hibernate, or both",
		schema: z.enum(["direct", "hibernate", "both"], "must be direct, hibernate or both"),
		default: "direct",
	},
	"crowd-size": {
		value: "COUNT",
		help: "the setting CROWD_SIZE: channels spread over relays, which are aborted and cut off too",
		schema: whole(1, 1_000_000).optional(),
	},
});
const { seconds, delivery, "crowd-size": crowdSize } = options;

const print = ({ seconds, kills, harm, relays, events, deliveries, lost, twice, outOfOrder, reused }: SoakResult) => {
	const spread = `; up to ${relays} relays, of which ${harm.relays} were aborted, and ${harm.origins} origins, and ${harm.ties} ties were cut`;
	console.log(
		`${seconds.toFixed(0)} s: ${events} events, ${deliveries} deliveries, ${kills} kills${crowdSize === undefined ? "" : spread}; lost ${lost}, twice ${twice}, out of order ${outOfOrder}, offsets reused ${reused}`,
	);
};

const result = await soak({ seconds, kills: 1, delivery, crowdSize }, ({ seconds, kills, events }) =>
	console.log(`${seconds.toFixed(0)} s: ${events} events, ${kills} kills so far`),
);
print(result);
const isSound = result.events > 0 && result.lost + result.twice + result.outOfOrder + result.reused === 0;
// A run in which no channel has spread proves nothing about relays.
const isSpread = crowdSize === undefined || result.relays > 0;
if (!isSpread) console.log("No channel had a relay: run it for longer, or with a smaller crowd.");
else if (isSound) console.log("No acknowledged event was lost, and none came twice.");
else console.log("Events were lost, repeated or out of order.");
process.exitCode = isSound && isSpread ? 0 : 1;
