import type { Figures } from "../figures.ts";
import type { LoadProcess } from "../load/load-process.ts";
import type { Server } from "../servers/server.ts";

/** What a measurement has: a server in new processes, a load generator in a new one, and a channel of its own. */
export interface Bench {
	server: Server;
	load: LoadProcess;
	channel: string;
	/** A count or a time, or less of it when the run only shows that everything works. */
	scaled(full: number): number;
}

export interface Case {
	/** What `--cases` picks it by. */
	name: string;
	/** What sets it apart from others of the name. */
	variant: string;
	servers: readonly string[];
	measure(bench: Bench): Promise<Figures>;
}

/** Those that deliver events to many. */
export const BROADCASTERS = ["tidings", "floor", "better-sse", "nchan"] as const;
