/** The load generator's process. It runs commands that arrive over IPC, and ends with its parent. */
import { Load } from "./load.ts";

interface Command {
	method: keyof Load;
	options: never;
}

/** The outcome of a command. */
export type Reply = { answer: unknown } | { failure: string };

const load = new Load();
const reply = (message: Reply) => process.send?.(message);
process.on("message", async ({ method, options }: Command) => reply({ answer: await load[method](options) }));
process.on("uncaughtException", ({ message }) => reply({ failure: message }));
process.on("disconnect", () => process.exit());
