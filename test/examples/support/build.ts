import { execFileSync } from "node:child_process";
import { ROOT } from "./run.ts";

/** The examples import the package by its name, and Node then takes what was built. */
export default function build(): void {
	execFileSync("npm", ["run", "build"], { cwd: ROOT, stdio: "inherit" });
}
