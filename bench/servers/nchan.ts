import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Endpoint } from "../load/endpoint.ts";
import { freePort, ListeningProcess } from "./listening-process.ts";
import { NotInstalled, type Server } from "./server.ts";

const NGINX = "/usr/sbin/nginx";
/** The path in Debian's `libnginx-mod-nchan`. */
const MODULE = "/usr/lib/nginx/modules/ngx_nchan_module.so";

/** nchan on nginx with one worker process, and enough memory for everything that is published. */
export class Nchan implements Server {
	readonly name = "nchan";
	readonly #folder: string;
	readonly #master = new ListeningProcess("nginx");

	private constructor(folder: string) {
		this.#folder = folder;
	}

	static async create(): Promise<Nchan> {
		return new Nchan(await mkdtemp(join(tmpdir(), "tidings-nchan-")));
	}

	async start(): Promise<void> {
		if (![NGINX, MODULE].every(existsSync)) throw new NotInstalled("nginx with nchan is not installed.");
		const config = join(this.#folder, "nginx.conf");
		const port = await freePort();
		await writeFile(config, this.#config(port));
		await this.#master.start(port, NGINX, ["-p", this.#folder, "-c", config, "-e", "stderr"]);
	}

	async stop(): Promise<void> {
		await this.#master.stop("SIGTERM");
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.stop();
		await rm(this.#folder, { recursive: true });
	}

	get pids(): number[] {
		const master = this.#master.pid;
		if (master === undefined) return [];
		const workers = readFileSync(`/proc/${master}/task/${master}/children`, "utf8").trim();
		return [master, ...workers.split(" ").filter(Boolean).map(Number)];
	}

	endpoint(channel: string): Endpoint {
		return {
			port: this.#master.port,
			channel,
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
