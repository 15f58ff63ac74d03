import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Endpoint } from "../load/endpoint.ts";
import { type Server, started } from "./server.ts";

const NGINX = "/usr/sbin/nginx";
/** The path in Debian's `libnginx-mod-nchan`. */
const MODULE = "/usr/lib/nginx/modules/ngx_nchan_module.so";

/** nchan on nginx with one worker process, and enough memory for everything that is published. */
export class Nchan implements Server {
	static readonly isInstalled = existsSync(NGINX) && existsSync(MODULE);
	readonly name = "nchan";
	readonly #folder: string;
	#master: ChildProcess | undefined;
	#port: number | undefined;

	private constructor(folder: string) {
		this.#folder = folder;
	}

	static async create(): Promise<Nchan> {
		return new Nchan(await mkdtemp(join(tmpdir(), "tidings-nchan-")));
	}

	async start(): Promise<void> {
		const port = await freePort();
		this.#port = port;
		const config = join(this.#folder, "nginx.conf");
		await writeFile(config, this.#config(port));
		this.#master = spawn(NGINX, ["-p", this.#folder, "-c", config, "-e", "stderr"], {
			stdio: ["ignore", "ignore", "inherit"],
		});
		while (!(await isListening(port))) {
			if (this.#master.exitCode !== null) throw new Error("nginx ended before it listened.");
			await wait(20);
		}
	}

	async stop(): Promise<void> {
		const master = this.#master;
		this.#master = undefined;
		if (master?.kill("SIGTERM")) await once(master, "exit");
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.stop();
		await rm(this.#folder, { recursive: true });
	}

	get pids(): number[] {
		const master = this.#master?.pid;
		if (master === undefined) return [];
		const workers = readFileSync(`/proc/${master}/task/${master}/children`, "utf8").trim();
		return [master, ...workers.split(" ").filter(Boolean).map(Number)];
	}

	endpoint(channel: string): Endpoint {
		return {
			port: started(this.#port),
			stream: { path: `/subscribe?channel=${channel}`, headers: {} },
			publish: { path: `/publish?channel=${channel}`, headers: {}, form: "lines" },
		};
	}

	#config(port: number): string {
		return `
daemon off;
pid ${this.#folder}/nginx.pid;
load_module ${MODULE};
worker_processes 1;
error_log stderr crit;
events { worker_connections 20000; }
http {
  access_log off;
  client_body_temp_path ${this.#folder}/body;
  client_body_buffer_size 1m;
  nchan_shared_memory_size 256m;
  nchan_message_buffer_length 100000;
  keepalive_requests 10000000;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location /publish { nchan_publisher http; nchan_channel_id $arg_channel; }
    location /subscribe {
      nchan_subscriber eventsource;
      nchan_subscriber_first_message newest;
      nchan_channel_id $arg_channel;
    }
  }
}
`;
	}
}

async function freePort(): Promise<number> {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	server.close();
	await once(server, "close");
	return port;
}

async function isListening(port: number): Promise<boolean> {
	const { promise, resolve } = Promise.withResolvers<boolean>();
	const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
	const answer = await promise;
	socket.destroy();
	return answer;
}
