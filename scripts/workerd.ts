/** Runs a built Worker on plain workerd, with its storage on disk. Nothing of `wrangler dev` is around it. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { LOCAL_PUBLISH_KEY, LOCAL_TICKET_SECRET } from "../src/local.ts";

const ROOT = join(import.meta.dirname, "..");
const WORKERD = join(ROOT, "node_modules/workerd/bin/workerd");
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");

/** A Worker to run. */
export interface Worker {
	/** The path of its entry point, from the root. */
	main: string;
	/** The path of the wrangler configuration that it is built with, from the root. */
	config: string;
	/** The classes of its Durable Objects. */
	objects: string[];
}

export const SERVICE: Worker = { main: "src/worker.ts", config: "wrangler.toml", objects: ["Channel", "Metrics"] };

export const PUBLISH_KEY = LOCAL_PUBLISH_KEY;

/** Settings under which publish keys and tickets work without an identity provider. */
export const SETTINGS = {
	JWKS_URL: "http://localhost:8788/.well-known/jwks.json",
	JWT_ISSUER: "http://localhost:8788",
	JWT_AUDIENCE: "tidings",
	PUBLISH_KEYS: PUBLISH_KEY,
	TICKET_SECRET: LOCAL_TICKET_SECRET,
};

export interface WorkerdOptions {
	/** Default: the service. */
	worker?: Worker;
	/** The folder that {@link build} wrote. Default: the Worker is built first. */
	built?: string | undefined;
	v8Flags?: string[];
	/** Whether V8's inspector listens at {@link Workerd.inspectorUrl}. */
	inspected?: boolean;
	/** The address to listen on. Default: 127.0.0.1. */
	host?: string;
}

/** Builds a Worker into a folder, as for a deployment. */
export async function build(folder: string, worker = SERVICE): Promise<void> {
	const args = ["deploy", worker.main, "--dry-run", "--config", worker.config, "--outdir", folder];
	await promisify(execFile)(process.execPath, [WRANGLER, ...args], { cwd: ROOT });
}

export class Workerd {
	readonly #folder: string;
	readonly #options: Required<Omit<WorkerdOptions, "built">>;
	#settings: Record<string, string>;
	/** Chosen by the system when the process first listens, and kept from then on. */
	#port: number | undefined;
	#inspectorPort: number | undefined;
	#process: ChildProcess | undefined;

	private constructor(
		folder: string,
		settings: Record<string, string>,
		options: Required<Omit<WorkerdOptions, "built">>,
	) {
		this.#folder = folder;
		this.#options = options;
		this.#settings = settings;
	}

	/** Starts a Worker with an empty disk on a free port. */
	static async start(settings: Record<string, string> = {}, options: WorkerdOptions = {}): Promise<Workerd> {
		const { worker = SERVICE, built, v8Flags = [], inspected = false, host = "127.0.0.1" } = options;
		const folder = await mkdtemp(join(tmpdir(), "tidings-workerd-"));
		const server = new Workerd(folder, { ...SETTINGS, ...settings }, { worker, v8Flags, inspected, host });
		try {
			await mkdir(join(folder, "disk"));
			if (built) await cp(built, join(folder, "build"), { recursive: true });
			else await build(join(folder, "build"), worker);
			await server.restart();
			return server;
		} catch (error) {
			await server.stop();
			throw error;
		}
	}

	get url(): string {
		return `http://${this.#options.host}:${this.#port}`;
	}

	get inspectorUrl(): string {
		return `http://127.0.0.1:${this.#inspectorPort}`;
	}

	get pid(): number {
		const pid = this.#process?.pid;
		if (pid === undefined) throw new Error("workerd has not been started.");
		return pid;
	}

	/** Kills the process, in the middle of whatever it does. */
	async kill(): Promise<void> {
		const running = this.#process;
		if (!running || running.exitCode !== null || running.signalCode !== null) return;
		const ended = once(running, "exit");
		running.kill("SIGKILL");
		await ended;
	}

	/** Starts the process with the same disk and port, and resolves when it listens. Settings may be changed. */
	async restart(settings: Record<string, string> = {}): Promise<void> {
		await this.kill();
		this.#settings = { ...this.#settings, ...settings };
		const config = join(this.#folder, "config.capnp");
		await writeFile(config, this.#config());
		const inspector = this.#options.inspected ? ["--inspector-addr=127.0.0.1:0"] : [];
		const child = spawn(WORKERD, ["serve", config, "--control-fd=3", ...inspector], {
			stdio: ["ignore", "ignore", "pipe", "pipe"],
		});
		this.#process = child;
		let complaints = "";
		child.stderr?.on("data", (chunk) => {
			complaints = (complaints + chunk).slice(-10_000);
		});
		const ended = once(child, "exit");
		if (await this.#readPorts(child.stdio[3] as Readable)) return;
		await ended;
		throw new Error(`workerd ended before it listened:\n${complaints}`);
	}

	/** Reads the ports that workerd reports on its control descriptor; `false` if it ends before it has reported them. */
	async #readPorts(control: Readable): Promise<boolean> {
		let ports = this.#options.inspected ? 2 : 1;
		for await (const line of createInterface(control)) {
			const { event, port } = JSON.parse(line);
			if (event === "listen-inspector") this.#inspectorPort = port;
			else this.#port = port;
			ports -= 1;
			if (ports === 0) return true;
		}
		return false;
	}

	/** Kills the process, and removes its disk. */
	async stop(): Promise<void> {
		await this.kill();
		await rm(this.#folder, { recursive: true });
	}

	#config(): string {
		const textBindings = Object.entries(this.#settings).map(
			([name, value]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(value)})`,
		);
		const { main, objects } = this.#options.worker;
		const namespaces = objects.map(
			(name) => `(className = "${name}", uniqueKey = "tidings-${name.toLowerCase()}", enableSql = true)`,
		);
		const objectBindings = objects.map(
			(name) => `(name = "${name.toUpperCase()}", durableObjectNamespace = "${name}")`,
		);
		const script = `build/${basename(main, ".ts")}.js`;
		return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "tidings", worker = .tidings),
    (name = "disk", disk = (path = ${JSON.stringify(join(this.#folder, "disk"))}, writable = true)),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  v8Flags = [${this.#options.v8Flags.map((flag) => JSON.stringify(flag)).join(", ")}],
  sockets = [(name = "http", address = "${this.#options.host}:${this.#port ?? 0}", http = (), service = "tidings")],
);

const tidings :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed ${JSON.stringify(script)})],
  compatibilityDate = "2026-11-02",
  bindings = [${[...objectBindings, ...textBindings].join(", ")}],
  durableObjectNamespaces = [${namespaces.join(", ")}],
  durableObjectStorage = (localDisk = "disk"),
);
`;
	}
}
