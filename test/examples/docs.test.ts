import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PUBLISH_KEY, publish, type Service, startService } from "../e2e/support/servers.ts";
import { eventually, ROOT, type Run, run } from "./support/run.ts";

/** Every piece of code about the client is type-checked, and runs, or stands in an example that is tested. */

const documentation = await readFile(join(ROOT, "docs/client.md"), "utf8");
const comingFrom = await readFile(join(ROOT, "docs/coming-from.md"), "utf8");
const readme = await readFile(join(ROOT, "README.md"), "utf8");
const [section = ""] = /^## The client$.*?(?=^## )/ms.exec(readme) ?? [];
const pieces = piecesOf(documentation + section + comingFrom);
/** The code of docs/ai.md: a backend that publishes an answer, and a page that reads it. */
const [writer = "", reader = ""] = piecesOf(await readFile(join(ROOT, "docs/ai.md"), "utf8"));
const QUOTE = /^\/\/ (examples\/\S+)\n/;
const quotes = pieces.filter((code) => QUOTE.test(code));
const [opening = "", ...others] = pieces.filter((code) => !QUOTE.test(code));
/** Those that import nothing go on from the first. */
const clients = [opening, ...others.map((code) => (code.startsWith("import ") ? code : opening + code))];
const publishers = clients.filter((code) => code.includes("tidings/publish"));
const subscribers = clients.filter((code) => code.includes("tidings/client"));
const programs = [...clients, writer, reader];

const given = join(import.meta.dirname, "support/given.ts");
let service: Service;
/** The folder of somebody who has installed the package. */
let folder: string;

beforeAll(async () => {
	service = await startService();
	folder = await mkdtemp(join(tmpdir(), "tidings-docs-"));
	await mkdir(join(folder, "node_modules"));
	await symlink(ROOT, join(folder, "node_modules/tidings"));
	await Promise.all(programs.map((code, index) => writeFile(join(folder, `${index}.ts`), located(code))));
	await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
});

afterAll(async () => {
	await service.stop();
	await rm(folder, { recursive: true });
});

function piecesOf(page: string): string[] {
	return [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""]) => code);
}

function located(code: string): string {
	return code.replaceAll("https://events.example.com", service.url);
}

function runPiece(code: string): Run {
	const settings = {
		TIDINGS_URL: service.url,
		TIDINGS_KEY: PUBLISH_KEY,
		PUBLISH_KEY,
		ISSUER_URL: service.issuerUrl,
	};
	return run(process.execPath, ["--import", given, join(folder, `${programs.indexOf(code)}.ts`)], settings);
}

/** A name for a piece of code: its last line but the brackets. */
const named = (codes: string[]) => codes.map((code) => ({ code, line: code.match(/.*\w.*(?=\W*$)/)?.[0].trim() }));

describe("the documentation of the client", () => {
	it("has code of every kind", () => {
		expect([quotes.length, publishers.length, subscribers.length].every((count) => count > 0)).toBe(true);
		expect(quotes.length + publishers.length + subscribers.length).toBe(pieces.length);
	});

	it.each(named(quotes))("quotes an example to the letter: $line", async ({ code }) => {
		const [, path = ""] = QUOTE.exec(code) ?? [];
		const example = await readFile(join(ROOT, path), "utf8");
		expect(example.replaceAll("\t", "  ")).toContain(code.replace(QUOTE, ""));
	});

	it("has code whose types are right, for those who have installed the package", async () => {
		const options = {
			extends: join(ROOT, "tsconfig.json"),
			compilerOptions: {
				// A piece of code may leave the use of what it makes to its reader.
				noUnusedLocals: false,
				lib: ["esnext", "dom", "dom.iterable"],
				types: ["node"],
				typeRoots: [join(ROOT, "node_modules/@types")],
			},
			files: [given, ...programs.keys().map((index) => `${index}.ts`)],
			include: [],
		};
		await writeFile(join(folder, "tsconfig.json"), JSON.stringify(options));
		const { status, stdout } = spawnSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" });
		expect([status, stdout]).toEqual([0, ""]);
	});

	it("says how large the client is, minified and gzipped", async () => {
		const [, limit] = /less than (\d+) kB, minified and gzipped/.exec(documentation) ?? [];
		const entryPoints = [join(ROOT, "dist/client/connect.js")];
		const { outputFiles } = await build({ entryPoints, bundle: true, minify: true, format: "esm", write: false });
		const sizes = outputFiles.map(({ contents }) => gzipSync(contents).byteLength);
		expect(sizes).toEqual([expect.any(Number)]);
		expect(Math.max(...sizes)).toBeLessThan(Number(limit) * 1000);
	});

	it.each([
		["tidings/client", "dist/client/connect.js", []],
		["tidings/publish", "dist/client/publish.js", ["dist/wire/json-text.js", "dist/wire/json-value.js"]],
		["tidings/tanstack", "dist/client/tanstack.js", ["dist/wire/json-text.js", "dist/wire/json-value.js"]],
	])("describes modules that bundle next to nothing of the service: %s", async (_, entry, shared) => {
		const { metafile } = await build({
			absWorkingDir: ROOT,
			entryPoints: [entry],
			bundle: true,
			format: "esm",
			write: false,
			metafile: true,
		});
		const others = Object.keys(metafile.inputs).filter((path) => !path.startsWith("dist/client/"));
		expect(others.toSorted()).toEqual(shared);
	});

	it.each(named(subscribers))("has code that receives what is published: $line", async ({ code }) => {
		const subscriber = runPiece(code);
		const received = async () => {
			await publish(service, "orders", { type: "order", data: { id: 7, state: "paid" } });
			return subscriber.stdout;
		};
		await eventually(received).toMatch(/7.+paid/);
		expect(subscriber.stderr).toBe("");
		subscriber.signal("SIGTERM");
		await subscriber.code;
	});

	it.each(named(publishers))("has code that publishes: $line", async ({ code }) => {
		const publisher = runPiece(code);
		expect([await publisher.code, publisher.stderr]).toEqual([0, ""]);
	});

	it("has code that publishes a model's answer, and code that reads it to its end", async () => {
		const backend = runPiece(writer);
		expect([await backend.code, backend.stderr]).toEqual([0, ""]);
		const page = runPiece(reader);
		expect([await page.code, page.stderr, page.stdout]).toEqual([0, "", "Rayleigh\nscattering\n[DONE]\n"]);
	});
});

describe("CONTRIBUTING.md", () => {
	it("names files that are there", async () => {
		const [walks = ""] =
			/^## How it works$.*?(?=^## )/ms.exec(await readFile(join(ROOT, "CONTRIBUTING.md"), "utf8")) ?? [];
		const files = [...walks.matchAll(/`([a-z]+\/[\w./-]+\.ts)`/g)].map(([, file = ""]) => join("src", file));
		expect(files.length).toBeGreaterThan(100);
		expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
	});
});
