/**
 * `npm run bench`: compares tidings with its alternatives, and with the bare runtime.
 *
 *     npm run bench -- --cases lone,stream --servers tidings,floor --rounds 3 --quick
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { fail, readOptions } from "../scripts/command-line.ts";
import { whole } from "../src/whole.ts";
import { CASES } from "./cases/all.ts";
import type { Case } from "./cases/case.ts";
import { FIGURES, type FigureName, type Figures, formatFigure } from "./figures.ts";
import { LoadProcess } from "./load/load-process.ts";
import { openFilesLimit, streamsOfProcess } from "./measures/process.ts";
import { caseTables, targetTable } from "./report.ts";
import { Results } from "./results.ts";
import { createServers } from "./servers/all.ts";
import { Credentials } from "./servers/credentials.ts";
import { REGIONS } from "./servers/regions.ts";
import { NotInstalled, type Server } from "./servers/server.ts";

/** The most that other cases than `crowd18k` open. */
const STREAMS = 8000;

const ABOUT = "Compares tidings with its alternatives, and with the bare runtime.";

/** A list of names that are all in a given list. */
function namesOf(all: readonly string[]) {
	return z
		.string()
		.transform((list) => list.split(","))
		.refine((list) => list.every((name) => all.includes(name)), `must list some of ${all.join(", ")}`)
		.optional();
}

const options = readOptions("npm run bench --", ABOUT, {
	cases: {
		value: "LIST",
		help: "only these, separated by commas",
		schema: namesOf([...new Set(CASES.map(({ name }) => name))]),
	},
	servers: {
		value: "LIST",
		help: "only these, separated by commas",
		schema: namesOf([...new Set(CASES.flatMap(({ servers }) => servers))]),
	},
	rounds: { value: "COUNT", help: "how often each case is measured", schema: whole(1, 100), default: "3" },
	streams: {
		value: "COUNT",
		help: "how many streams crowd18k opens",
		schema: whole(2000, 1_000_000),
		default: "18000",
	},
	quick: {
		help: "a tenth of everything, to try it out; the figures mean nothing",
		schema: z.boolean().default(false),
	},
});
const { rounds, streams } = options;
const mostStreams = Math.max(STREAMS, Math.ceil((streams / REGIONS.length) * (4 / 3)));
if (streamsOfProcess() < mostStreams)
	fail(`Too few open files for ${mostStreams} streams: ulimit -n is ${openFilesLimit()}.`);
/** In a quick run, a tenth of a count or a duration. */
const scaled = (full: number) => (options.quick ? full / 10 : full);

await using credentials = await Credentials.create();
await using stack = new AsyncDisposableStack();
const servers = (await createServers(credentials, streams)).map((server) => stack.use(server));
for (const event of ["SIGINT", "SIGTERM", "SIGHUP", "uncaughtException"] as const) process.on(event, abandon);

const results = new Results();
const chosen = CASES.filter(
	({ name, isByHand = false }) => options.cases?.includes(name) ?? (options.quick || !isByHand),
);
const plan = Array.from({ length: rounds }, (_, round) => {
	return chosen.flatMap((work) => serversOf(work).map((server) => ({ round: round + 1, work, server })));
}).flat();
if (plan.length === 0) fail("None of these cases runs on any of these servers. See bench/README.md.");
for (const [index, { round, work, server }] of plan.entries()) {
	const title = `[${index + 1}/${plan.length}] round ${round}, ${work.name}, ${work.variant}, ${server.name}`;
	try {
		const figures = await measure(work, server);
		results.measurements.push({ case: work.name, variant: work.variant, server: server.name, figures });
		console.log(`${title}: ${describe(figures)}`);
	} catch (error) {
		if (error instanceof NotInstalled) {
			results.notMeasured.push({ case: work.name, variant: work.variant, server: server.name });
			console.log(`${title}: not measured here. ${error.message}`);
			continue;
		}
		results.failures.push(`${title}: ${error}`);
		console.error(`${title}: ${error}`);
	}
}

console.log(`\n${targetTable(results)}\n\n${caseTables(results)}\n`);
const isComplete = !(options.cases || options.servers || options.quick);
if (isComplete && results.failures.length === 0) {
	// It draws a chart, with a library that takes a second to load.
	await (await import("./publication.ts")).publish(results);
}
for (const failure of results.failures) console.error(failure);
process.exitCode = results.failures.length > 0 ? 1 : 0;

function serversOf(work: Case): Server[] {
	const wanted = options.servers ?? work.servers;
	return servers.filter(({ name }) => work.servers.includes(name) && wanted.includes(name));
}

async function measure(work: Case, server: Server): Promise<Figures> {
	using load = new LoadProcess();
	try {
		await server.start();
		return await work.measure({ server, load, channel: `bench:${randomUUID()}`, scaled, streams });
	} finally {
		await server.stop();
	}
}

function describe(figures: Figures): string {
	return Object.entries(figures)
		.map(([name, value]) => `${FIGURES[name as FigureName]} ${formatFigure(value)}`)
		.join(", ");
}

/** Stops the servers before this process ends. */
async function abandon(reason: unknown): Promise<void> {
	console.error(reason);
	await stack.disposeAsync();
	process.exit(1);
}
