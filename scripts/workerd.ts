/** The built Worker on plain workerd, with its storage on disk: what Cloudflare runs, without anything around it. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";

const ROOT = join(import.meta.dirname, "..");
const WORKERD = join(ROOT, "node_modules/workerd/bin/workerd");
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");

export const PUBLISH_KEY = "local-publish-key-0123456789abcdef";

/** Settings that stand for themselves: nothing else has to run for publish keys and their tickets to work. */
export const SETTINGS = {
	JWKS_URL: "http://localhost:8788/.well-known/jwks.json",
	JWT_ISSUER: "http://localhost:8788",
	JWT_AUDIENCE: "tidings",
	PUBLISH_KEYS: PUBLISH_KEY,
	TICKET_SECRET: "local-ticket-secret-0123456789abcdef",
};

export class Workerd {
	readonly #folder: string;
	readonly #v8Flags: string[];
	#settings: Record<string, string>;
	#port = 0;
	#process: ChildProcess | undefined;

	private constructor(folder: string, settings: Record<string, string>, v8Flags: string[]) {
		this.#folder = folder;
		this.#v8Flags = v8Flags;
		this.#settings = settings;
	}

	/** Builds the Worker, and starts it on an empty disk and a free port. */
	static async start(settings: Record<string, string> = {}, v8Flags: string[] = []): Promise<Workerd> {
		const folder = await mkdtemp(join(tmpdir(), "tidings-workerd-"));
		await mkdir(join(folder, "disk"));
		const build = ["deploy", "--dry-run", "--config", "wrangler.toml", "--outdir", join(folder, "build")];
		await promisify(execFile)(process.execPath, [WRANGLER, ...build], { cwd: ROOT });
		const server = new Workerd(folder, { ...SETTINGS, ...settings }, v8Flags);
		await server.restart();
		return server;
	}

	get url(): string {
		return `http://127.0.0.1:${this.#port}`;
	}

	get pid(): number {
		return this.#process?.pid ?? 0;
	}

	/** Ends the process at once, in the middle of whatever it does. */
	async kill(): Promise<void> {
		const running = this.#process;
		if (!running || running.exitCode !== null || running.signalCode !== null) return;
		const ended = once(running, "exit");
		running.kill("SIGKILL");
		await ended;
	}

	/** Starts the process on the same disk and port, optionally with other settings; resolves when it listens. */
	async restart(settings: Record<string, string> = {}): Promise<void> {
		await this.kill();
		this.#settings = { ...this.#settings, ...settings };
		const config = join(this.#folder, "config.capnp");
		await writeFile(config, this.#config());
		const child = spawn(WORKERD, ["serve", config, "--control-fd=3"], { stdio: ["ignore", "ignore", "pipe", "pipe"] });
		this.#process = child;
		let complaints = "";
		child.stderr?.on("data", (chunk) => {
			complaints = (complaints + chunk).slice(-10_000);
		});
		const control = child.stdio[3] as Readable;
		const listening = await Promise.race([once(control, "data"), once(child, "exit").then(() => undefined)]);
		if (!listening) throw new Error(`workerd ended before it listened:\n${complaints}`);
		this.#port = JSON.parse(String(listening[0])).port;
	}

	/** Ends the process, and removes its disk. */
	async stop(): Promise<void> {
		await this.kill();
		await rm(this.#folder, { recursive: true });
	}

	#config(): string {
		const bindings = Object.entries(this.#settings).map(
			([name, value]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(value)})`,
		);
		return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "tidings", worker = .tidings),
    (name = "disk", disk = (path = ${JSON.stringify(join(this.#folder, "disk"))}, writable = true)),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  v8Flags = [${this.#v8Flags.map((flag) => JSON.stringify(flag)).join(", ")}],
  sockets = [(name = "http", address = "127.0.0.1:${this.#port}", http = (), service = "tidings")],
);

const tidings :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "build/worker.js")],
  compatibilityDate = "2026-11-02",
  bindings = [(name = "CHANNEL", durableObjectNamespace = "Channel"), ${bindings.join(", ")}],
  durableObjectNamespaces = [(className = "Channel", uniqueKey = "tidings-channel", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
);
`;
	}
}
