/**
 * `npm run bench`: measures tidings beside what its users would pick instead, and beside what the runtime itself costs.
 *
 *     npm run bench -- --cases lone,stream --servers tidings,floor --rounds 3 --quick
 */
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { CASES } from "./cases/all.ts";
import type { Case } from "./cases/case.ts";
import { FIGURES, type FigureName, type Figures, formatFigure } from "./figures.ts";
import { LoadProcess } from "./load/load-process.ts";
import { openFilesLimit } from "./measures/process.ts";
import { publish } from "./publication.ts";
import { report } from "./report.ts";
import { Results } from "./results.ts";
import { createServers } from "./servers/all.ts";
import { Credentials } from "./servers/credentials.ts";
import type { Server } from "./servers/server.ts";

const MIN_OPEN_FILES = 10_000;

const { values: options } = parseArgs({
	options: {
		cases: { type: "string" },
		servers: { type: "string" },
		rounds: { type: "string", default: "3" },
		quick: { type: "boolean", default: false },
	},
});
const rounds = Number(options.rounds);
if (!(rounds >= 1)) throw new Error(`--rounds must be a number from 1, not ${options.rounds}.`);
if (openFilesLimit() < MIN_OPEN_FILES)
	throw new Error(`8,000 streams need more open files: ulimit -n ${MIN_OPEN_FILES}`);
/** A tenth of everything shows that it works, and measures nothing. */
const scaled = (full: number) => (options.quick ? full / 10 : full);

await using credentials = await Credentials.create();
await using stack = new AsyncDisposableStack();
const servers = (await createServers(credentials)).map((server) => stack.use(server));
for (const event of ["SIGINT", "SIGTERM", "SIGHUP", "uncaughtException"] as const) process.on(event, abandon);
if (!servers.some(({ name }) => name === "nchan")) console.log("nchan is not installed, and is left out.");

const results = new Results();
const chosen = CASES.filter(({ name }) => options.cases?.split(",").includes(name) ?? true);
const plan = Array.from({ length: rounds }, (_, round) => {
	return chosen.flatMap((work) => serversOf(work).map((server) => ({ round: round + 1, work, server })));
}).flat();
if (plan.length === 0)
	throw new Error("There is no such case, or it is not for that server: bench/README.md names both.");
for (const [index, { round, work, server }] of plan.entries()) {
	const title = `[${index + 1}/${plan.length}] round ${round}, ${work.name}, ${work.variant}, ${server.name}`;
	try {
		const figures = await measure(work, server);
		results.measurements.push({ case: work.name, variant: work.variant, server: server.name, figures });
		console.log(`${title}: ${describe(figures)}`);
	} catch (error) {
		results.failures.push(`${title}: ${error}`);
		console.error(`${title}: ${error}`);
	}
}

console.log(`\n${report(results)}\n`);
const isComplete = !(options.cases || options.servers || options.quick);
if (isComplete && results.failures.length === 0) await publish(results);
for (const failure of results.failures) console.error(failure);
process.exitCode = results.failures.length > 0 ? 1 : 0;

function serversOf(work: Case): Server[] {
	const wanted = options.servers?.split(",") ?? work.servers;
	return servers.filter(({ name }) => work.servers.includes(name) && wanted.includes(name));
}

async function measure(work: Case, server: Server): Promise<Figures> {
	using load = new LoadProcess();
	try {
		await server.start();
		return await work.measure({ server, load, channel: `bench:${randomUUID()}`, scaled });
	} finally {
		await server.stop();
	}
}

function describe(figures: Figures): string {
	return Object.entries(figures)
		.map(([name, value]) => `${FIGURES[name as FigureName]} ${formatFigure(value)}`)
		.join(", ");
}

/** Whatever ends this process ends the servers first. */
async function abandon(reason: unknown): Promise<void> {
	console.error(reason);
	await stack.disposeAsync();
	process.exit(1);
}
