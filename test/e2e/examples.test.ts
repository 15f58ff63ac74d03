import { readdirSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { compileFunction } from "node:vm";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Problem } from "../../src/errors.ts";
import { channelRuleListSchema } from "../../src/wire/channel-rules.ts";
import { acceptEvents } from "../../src/wire/intake.ts";

/**
 * Every `@example` in the doc comments of src/ is run, and gives what it says it gives.
 * It runs in Node because workerd has no `eval`; what the examples show is pure, and the same in both.
 */

/** What examples use without saying where they have it from. */
const GIVEN: Record<string, unknown> = {
	env: { JWKS_URL: "https://id.example.com/jwks", JWT_ISSUER: "https://id.example.com/", JWT_AUDIENCE: "tidings" },
	error: z
		.object({ data: z.unknown().refine((data) => data !== undefined, "is missing; any JSON value will do") })
		.safeParse({ data: undefined }).error,
	firstSince: () => undefined,
	config: {},
};

/** Examples that need a Worker's environment, its bindings or the network. */
const NOT_RUN = [
	"createTidings",
	"publish",
	"publishToUser",
	"pipe",
	"tidingsStream",
	"findPublisher",
	"connect",
	"subscribe",
	"createPublisher",
	"channel",
	"ChannelPublisher",
];

/** Statements that are no expression, and what must be true of them. */
const STATEMENTS: Record<string, (run: (result: string) => unknown) => void> = {
	Problem: (run) => expect(() => run("undefined")).toThrow(Problem),
	ChannelRule: (run) => expect(channelRuleListSchema.parse([run("rule")])).toHaveLength(1),
	EventInput: (run) => expect(acceptEvents(run("event"), 65_536)).toHaveLength(1),
};

interface Example {
	file: string;
	/** What the comment documents. */
	name: string;
	code: string;
}

interface Claim {
	expression: string;
	expected: string;
}

const source = join(import.meta.dirname, "../../src");

const sources = new Map(
	readdirSync(source, { recursive: true, encoding: "utf8" })
		.filter((path) => path.endsWith(".ts"))
		.map((path) => [path, readFileSync(join(source, path), "utf8")]),
);

const DOCUMENTED =
	/^[ \t]*\/\*\*(?<comment>(?:[^*]|\*(?!\/))*)\*\/\s*(?:(?:export|declare|abstract|async|override|static|readonly|function|class|const|type|interface|get)\b\*?\s*)*(?<name>[\w$]+)/gm;

function examplesOf(file: string, text: string): Example[] {
	return [...text.matchAll(DOCUMENTED)].flatMap(({ groups }) => {
		const { comment = "", name = "" } = groups ?? {};
		const [, ...examples] = comment.replaceAll(/^[ \t]*\* ?/gm, "").split(/^@example[ \t]*$/m);
		return examples.map((example) => ({ file, name, code: example.split(/^@/m)[0]?.trim() ?? "" }));
	});
}

/** The claims of an example: `expression; // expected`, where what is expected may stand on a line of its own. */
function claimsOf(code: string): Claim[] {
	const claims: Claim[] = [];
	let expression = "";
	for (const line of code.split("\n")) {
		const [, before = "", expected] = /^(.*?)(?:(?:^|;[ \t]*)\/\/ (.*))?$/.exec(line) ?? [];
		expression += `${before}\n`;
		if (expected === undefined) continue;
		claims.push({ expression: expression.trim().replace(/;$/, ""), expected });
		expression = "";
	}
	if (expression.trim() !== "") throw new Error(`Nothing is said of what this gives: ${expression}`);
	return claims;
}

const examples = [...sources].flatMap(([file, text]) => examplesOf(file, text));
const runnable = examples.filter(({ name }) => !NOT_RUN.includes(name));
const files = new Set(runnable.map(({ file }) => file));
const modules: Record<string, unknown>[] = await Promise.all([...files].map((file) => import(join(source, file))));
const scope = Object.assign({}, GIVEN, ...modules) as Record<string, unknown>;

function run(code: string): unknown {
	return compileFunction(code, Object.keys(scope))(...Object.values(scope));
}

const claims = runnable
	.filter(({ name }) => !Object.hasOwn(STATEMENTS, name))
	.flatMap(({ file, name, code }) => claimsOf(code).map((claim) => ({ file, name, ...claim })));
const statements = runnable.filter(({ name }) => Object.hasOwn(STATEMENTS, name));

describe("an @example", () => {
	it("is found wherever there is one", () => {
		const written = [...sources.values()].join("\n").match(/@example/g);
		expect(examples).toHaveLength(written?.length ?? 0);
		expect(examples.length).toBeGreaterThan(10);
	});

	it.each(claims)("of $name ($file) gives what it says: $expression", async ({ expression, expected }) => {
		expect(await run(`return (async () => (${expression}))();`)).toEqual(run(`return (${expected});`));
	});

	it.each(statements)("of $name ($file) does what it shows", ({ name, code }) => {
		STATEMENTS[name]?.((result) => run(`${stripTypeScriptTypes(code)}\nreturn ${result};`));
	});

	it("is run, or listed as one that is not; nothing is listed that has no example", () => {
		const run = [...claims, ...statements].map(({ name }) => name);
		const listed = [...NOT_RUN, ...Object.keys(STATEMENTS)];
		const documented = new Set(examples.map(({ name }) => name));
		expect(new Set([...run, ...listed])).toEqual(documented);
	});
});
