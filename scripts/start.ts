/**
 * `npm start`: tidings and its local identity provider on one machine, each in a `wrangler dev` of its own.
 *
 *     npm start -- --port 8787 --issuer-port 8788 --state .wrangler/state
 */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { LOCAL_PUBLISH_KEY } from "../src/local.ts";
import { addDemoUsers, DEFAULT_STATE, issuerState, migrate } from "./issuer-database.ts";

const { values: options } = parseArgs({
	options: {
		port: { type: "string", default: "8787" },
		"issuer-port": { type: "string", default: "8788" },
		state: { type: "string", default: DEFAULT_STATE },
	},
});

const root = join(import.meta.dirname, "..");
const wrangler = join(root, "node_modules/wrangler/bin/wrangler.js");
const tidings = `http://localhost:${options.port}`;
const issuer = `http://localhost:${options["issuer-port"]}`;
const children: ChildProcess[] = [];
const SHUTDOWN_MILLISECONDS = 5000;
let isStopping = false;

// npm's shell may be ended without a word to those below it.
const parent = process.ppid;
setInterval(() => {
	if (process.ppid !== parent) stop(0);
}, 500).unref();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop(0));

await migrate({ state: options.state });
await addDemoUsers(options.state);

// One after the other: two that start at once may pick the same port for their own use.
await serve("the identity provider", "issuer/wrangler.toml", options["issuer-port"], { ISSUER: issuer });
await serve("tidings", "wrangler.toml", options.port, {
	JWKS_URL: `${issuer}/.well-known/jwks.json`,
	JWT_ISSUER: issuer,
});
console.log(welcome());

/** Starts a Worker; resolves when it takes requests. When it ends, everything ends. */
function serve(name: string, config: string, port: string, vars: Record<string, string>): Promise<void> {
	const settings = Object.entries(vars).flatMap(([key, value]) => ["--var", `${key}:${value}`]);
	const state = config === "wrangler.toml" ? join(options.state, "tidings") : issuerState(options.state);
	const child = fork(
		wrangler,
		["dev", "--config", config, "--port", port, "--persist-to", state, "--log-level", "warn", ...settings],
		{
			cwd: root,
			stdio: ["ignore", "inherit", "inherit", "ipc"],
			env: { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_SEND_METRICS: "false" },
		},
	);
	children.push(child);
	child.on("exit", (code) => {
		if (isStopping) return;
		console.error(
			`\n${name} has stopped (exit code ${code}). Is port ${port} free? Choose others with: npm start -- --port 9787 --issuer-port 9788`,
		);
		stop(1);
	});
	return new Promise((resolve) => child.once("message", () => resolve()));
}

/** Ends with the children: they still report to this process while they shut down. */
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

  Stop with Ctrl-C. What comes next is in README.md.
`;
}
