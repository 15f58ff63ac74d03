import type { Figures } from "../figures.ts";
import type { LoadProcess } from "../load/load-process.ts";
import type { Server } from "../servers/server.ts";

/** What a case measures with: a server and a load generator in new processes, and an unused channel. */
export interface Bench {
	server: Server;
	load: LoadProcess;
	channel: string;
	/** A count or a duration as it is, or a tenth of it in a quick run. */
	scaled(full: number): number;
	/** How many streams the option `--streams` asks for. */
	streams: number;
}

export interface Case {
	/** The name for `--cases`. */
	name: string;
	/** What distinguishes it from other cases of the same name. */
	variant: string;
	servers: readonly string[];
	/** Runs only where `--cases` names it, and in a quick run. */
	isByHand?: boolean;
	measure(bench: Bench): Promise<Figures>;
}

/** The servers that deliver events to many subscribers. */
export const BROADCASTERS = [
	"tidings",
	"floor",
	"better-sse",
	"nchan",
	"mercure",
	"mercure bolt",
	"centrifugo",
] as const;
