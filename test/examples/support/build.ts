import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** The examples import the package by its name, and Node then takes what was built. */
export default function build(): void {
	execFileSync("npm", ["run", "build"], { cwd: join(import.meta.dirname, "../../.."), stdio: "inherit" });
}
