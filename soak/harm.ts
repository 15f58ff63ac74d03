import { setTimeout as wait } from "node:timers/promises";
import type { Worker } from "../scripts/workerd.ts";

/** The service, whose objects and their ties can be harmed one by one. */
export const HARMED: Worker = {
	main: "soak/harmed/worker.ts",
	config: "wrangler.toml",
	objects: ["Channel", "Metrics"],
};

/** The longest pause between two blows. */
const MAX_PAUSE_MILLISECONDS = 300;
/** How many blows are under way at most. */
const MAX_BLOWS = 10;

/** What is harmed, and how much of it was. */
export interface Harm {
	/** Relays that were aborted. */
	relays: number;
	/** Origins that were aborted. */
	origins: number;
	/** Relays' ties that were cut. */
	ties: number;
}

/** Relays come and go all the time in a large channel; its origin rarely. */
const WHAT: readonly (keyof Harm)[] = ["relays", "relays", "origins", "ties", "ties"];

/** Aborts single objects and cuts relays' ties at random until the signal, and adds up how many. */
export async function harmUntil(signal: AbortSignal, url: string, harm: Harm): Promise<void> {
	const blows = new Set<Promise<void>>();
	while (!signal.aborted) {
		await wait(Math.random() * MAX_PAUSE_MILLISECONDS);
		const what = WHAT[Math.floor(Math.random() * WHAT.length)] ?? "ties";
		const blow = strike(url, what, harm).finally(() => blows.delete(blow));
		blows.add(blow);
		// An object that is starting answers late. Others are struck meanwhile.
		if (blows.size >= MAX_BLOWS) await Promise.race(blows);
	}
	await Promise.all(blows);
}

async function strike(url: string, what: keyof Harm, harm: Harm): Promise<void> {
	try {
		const response = await fetch(`${url}/harm/${what}`, { method: "POST" });
		if (response.ok) harm[what] += (await response.json()) as number;
	} catch {
		// The process was killed, and will be started again.
	}
}
