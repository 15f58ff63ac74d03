/** The load generator's process: it does what it is told over IPC, and ends with whoever told it. */
import { Load } from "./load.ts";

interface Command {
	method: keyof Load;
	options: never;
}

/** What a command came to. */
export type Reply = { answer: unknown } | { failure: string };

const load = new Load();
const reply = (message: Reply) => process.send?.(message);
process.on("message", async ({ method, options }: Command) => reply({ answer: await load[method](options) }));
process.on("uncaughtException", ({ message }) => reply({ failure: message }));
process.on("disconnect", () => process.exit());
