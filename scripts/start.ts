/**
 * `npm start`: runs tidings and its local identity provider, each in its own `wrangler dev`.
 *
 *     npm start -- --port 8787 --issuer-port 8788 --state .wrangler/state
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { z } from "zod";
import { LOCAL_PUBLISH_KEY } from "../src/local.ts";
import { whole } from "../src/whole.ts";
import { fail, readOptions } from "./command-line.ts";
import { addDemoUsers, DEFAULT_STATE, issuerState, migrate } from "./issuer-database.ts";

const ABOUT = "Starts tidings and a local identity provider with three demo users. Stop it with Ctrl-C.";
const port = whole(1, 65_535);

const options = readOptions("npm start --", ABOUT, {
	port: { value: "PORT", help: "the port of tidings", schema: port, default: "8787" },
	"issuer-port": { value: "PORT", help: "the port of the identity provider", schema: port, default: "8788" },
	state: {
		value: "FOLDER",
		help: "the folder that stores channels and users",
		schema: z.string().min(1, "must name a folder"),
		default: DEFAULT_STATE,
	},
});

const root = join(import.meta.dirname, "..");
const wrangler = join(root, "node_modules/wrangler/bin/wrangler.js");
const tidings = `http://localhost:${options.port}`;
const issuer = `http://localhost:${options["issuer-port"]}`;
const children: ChildProcess[] = [];
const SHUTDOWN_MILLISECONDS = 5000;
let isStopping = false;

// npm's shell may be killed without passing the signal on, so the parent is checked.
const parent = process.ppid;
setInterval(() => {
	if (process.ppid !== parent) stop(0);
}, 500).unref();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop(0));

console.log("Starting tidings and its identity provider. This takes a few seconds.");
await checkState();
for (const each of [options.port, options["issuer-port"]]) await checkPort(each);

// tidings does not need the provider before the first token comes. They start one after the other all the same, because
// two `wrangler dev` that start at once may choose the same internal port.
await Promise.all([
	serve("tidings", "wrangler.toml", options.port, {
		JWKS_URL: `${issuer}/.well-known/jwks.json`,
		JWT_ISSUER: issuer,
	}),
	fillDatabase(),
]);
await serve("the identity provider", "issuer/wrangler.toml", options["issuer-port"], { ISSUER: issuer });
console.log(welcome());

async function checkState(): Promise<void> {
	try {
		await mkdir(resolve(root, options.state), { recursive: true });
	} catch (error) {
		fail(`The folder ${options.state} cannot be used (${(error as Error).message}). Choose another one with --state.`);
	}
}

/** Checks that a port is free. wrangler would silently take another one. */
async function checkPort(port: number): Promise<void> {
	const probe = createServer().listen(port, "localhost");
	try {
		await once(probe, "listening");
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		fail(`Port ${port} cannot be used (${code}). Choose others: npm start -- --port 9787 --issuer-port 9788`);
	}
	probe.close();
	await once(probe, "close");
}

async function fillDatabase(): Promise<void> {
	await migrate({ state: options.state });
	await addDemoUsers(options.state);
}

/** Starts a Worker, and resolves when it accepts requests. If it ends, everything ends. */
function serve(name: string, config: string, port: number, vars: Record<string, string>): Promise<void> {
	const settings = Object.entries(vars).flatMap(([key, value]) => ["--var", `${key}:${value}`]);
	const state = config === "wrangler.toml" ? join(options.state, "tidings") : issuerState(options.state);
	const child = fork(
		wrangler,
		["dev", "--config", config, "--port", String(port), "--persist-to", state, "--log-level", "warn", ...settings],
		{
			cwd: root,
			stdio: ["ignore", "inherit", "inherit", "ipc"],
			env: { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_SEND_METRICS: "false" },
		},
	);
	children.push(child);
	child.on("exit", (code) => {
		if (isStopping) return;
		console.error(`\n${name} has stopped (exit code ${code}). Its output above says why.`);
		stop(1);
	});
	return new Promise((resolve) => child.once("message", () => resolve()));
}

/** Stops the children, and ends after them: they still write to this process while they shut down. */
function stop(code: number): void {
	if (isStopping) return;
	isStopping = true;
	process.exitCode = code;
	for (const child of children) child.kill("SIGINT");
	setTimeout(() => process.exit(), SHUTDOWN_MILLISECONDS).unref();
}

function welcome(): string {
	const login = `curl -s ${issuer}/login -H 'Content-Type: application/json' -d '{"username":"demo","password":"demo"}'`;
	return `
  tidings            ${tidings}   (open it in a browser: the console)
  identity provider  ${issuer}   (demo user: demo, password: demo)

  Subscribe, in one terminal:

    TOKEN=$(${login} | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/'); curl -sN "${tidings}/events?channel=orders" -H "Authorization: Bearer $TOKEN"

  Publish, in another:

    curl -w '\\n' ${tidings}/channels/orders/events -H 'Authorization: Bearer ${LOCAL_PUBLISH_KEY}' -H 'Content-Type: application/json' -d '{"type":"order","data":{"id":7,"state":"paid"}}'

  Stop with Ctrl-C. README.md says what to do next.
`;
}
