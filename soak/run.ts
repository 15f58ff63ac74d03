/**
 * `npm run soak`: kills the service at random moments for as long as asked, and counts what was lost.
 *
 *     npm run soak -- --seconds 60 --delivery hibernate
 */
import { parseArgs } from "node:util";
import { type SoakResult, soak } from "./soak.ts";

const { values } = parseArgs({
	options: { seconds: { type: "string", default: "60" }, delivery: { type: "string", default: "direct" } },
});
const seconds = Number(values.seconds);
if (!(seconds > 0)) throw new Error(`--seconds must be a number above 0, not ${values.seconds}.`);
const { delivery } = values;
if (delivery !== "direct" && delivery !== "hibernate") {
	throw new Error(`--delivery must be direct or hibernate, not ${delivery}.`);
}

const print = ({ seconds, kills, events, deliveries, lost, twice, outOfOrder, reused }: SoakResult) =>
	console.log(
		`${seconds.toFixed(0)} s: ${events} events, ${deliveries} deliveries, ${kills} kills; lost ${lost}, twice ${twice}, out of order ${outOfOrder}, offsets reused ${reused}`,
	);

const result = await soak({ seconds, kills: 1, delivery }, ({ seconds, kills, events }) =>
	console.log(`${seconds.toFixed(0)} s: ${events} events, ${kills} kills, going on`),
);
print(result);
const isSound = result.events > 0 && result.lost + result.twice + result.outOfOrder + result.reused === 0;
console.log(isSound ? "Nothing acknowledged was lost, and nothing came twice." : "The promise is broken.");
process.exitCode = isSound ? 0 : 1;
