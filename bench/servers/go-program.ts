import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { NotInstalled } from "./server.ts";

/** Where the binaries are. Go leaves those as they are that are up to date. */
const BINARIES = join(import.meta.dirname, "bin");

/** Where Go is installed as its makers tell. A distribution's Go may be too old. */
const GO = "/usr/local/go/bin";

/** A program in Go, which is built when it is first needed. */
export class GoProgram {
	readonly #build: () => Promise<string>;
	#binary: Promise<string> | undefined;

	private constructor(build: () => Promise<string>) {
		this.#build = build;
	}

	/** The main package of a module that Go fetches. */
	static published(path: string, version: string, name: string): GoProgram {
		return new GoProgram(async () => {
			await fetched(["install", `${path}@${version}`]);
			return join(BINARIES, name);
		});
	}

	/** The main package in a folder beside this file. */
	static own(name: string): GoProgram {
		return new GoProgram(async () => {
			const folder = join(import.meta.dirname, name);
			await fetched(["mod", "download"], folder);
			await go(["build", "-buildvcs=false", "-o", join(BINARIES, name), "."], folder);
			return join(BINARIES, name);
		});
	}

	/**
	 * The path of its binary.
	 *
	 * @throws NotInstalled without Go, or if what it consists of cannot be fetched.
	 */
	async binary(): Promise<string> {
		this.#binary ??= this.#build();
		return await this.#binary;
	}
}

async function fetched(args: string[], cwd?: string): Promise<void> {
	await go(args, cwd).catch(({ code, stderr }) => {
		const reason = code === "ENOENT" ? "Go is not installed." : `go ${args.join(" ")} failed: ${stderr}`;
		throw new NotInstalled(reason);
	});
}

async function go(args: string[], cwd = import.meta.dirname): Promise<void> {
	const PATH = `${GO}:${process.env.PATH}`;
	await promisify(execFile)("go", args, { cwd, env: { ...process.env, PATH, GOBIN: BINARIES } });
}
