import { describe, expect, it } from "vitest";
import page from "../../../docs/protocol.md?raw";
import { describeApi } from "../../../src/http/openapi/document.ts";
import { OPERATIONS } from "../../../src/http/routes.ts";
import { codes, tableRows } from "../../support/markdown.ts";

/** docs/protocol.md and the document say the same: what stands in the one and not in the other is a mistake. */

interface Schema {
	default?: unknown;
	enum?: string[];
	maximum?: number;
	minimum?: number;
	properties?: Record<string, Schema>;
	required?: string[];
	writeOnly?: boolean;
}

interface Answer {
	headers?: object;
	content?: Record<string, { schema: Schema }>;
}

interface Operation {
	security: object[];
	parameters?: { name: string; in: string; schema: Schema }[];
	requestBody?: { content: object };
	responses: Record<string, { $ref?: string } & Answer>;
}

interface Document {
	paths: Record<string, Record<string, Operation>>;
	components: {
		schemas: Record<string, Schema>;
		responses: Record<string, Answer>;
		securitySchemes: Record<string, { in?: string; name?: string }>;
	};
}

const { paths, components } = JSON.parse(JSON.stringify(describeApi(OPERATIONS))) as Document;

const operations = new Map<string, Operation>(
	Object.entries(paths).flatMap(([path, methods]) =>
		Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
	),
);

function operation(route: string): Operation {
	const found = operations.get(route);
	if (!found) throw new Error(`${route} is not described.`);
	return found;
}

function schema(name: string): Schema {
	return components.schemas[name] ?? {};
}

function answersOf({ responses }: Operation): [status: number, answer: Answer][] {
	return Object.entries(responses).map(([status, answer]) => {
		const known = components.responses[answer.$ref?.split("/").at(-1) ?? ""];
		return [Number(status), known ?? answer];
	});
}

/** Which credentials a cell of the table of routes names, by the names of their schemes. */
function schemesIn(cell: string): string[] {
	if (cell.endsWith("in a message")) return [];
	return [
		...(cell.includes("publish key") ? ["publishKey"] : []),
		...(cell.includes("a ticket") ? ["queryTicket", "queryToken"] : []),
		...(cell.includes("a token") ? ["token"] : []),
	];
}

describe("the document and docs/protocol.md", () => {
	it("have the same routes, with the same credentials", () => {
		let credentials = "";
		const written = tableRows(page, "Route", "For", "Credentials").map(([route = "", , cell = ""]) => {
			if (cell !== "the same") credentials = cell;
			return [codes(route)[0], schemesIn(credentials)];
		});
		expect(page).toContain("`HEAD /events` is 405");
		const described = [...operations].map(([route, { security }]) => [route, security.flatMap(Object.keys).sort()]);
		expect(Object.fromEntries(described)).toStrictEqual(Object.fromEntries([...written, ["HEAD /events", []]]));
	});

	it("have the same errors, with the same statuses", () => {
		const written = tableRows(page, "Status", "Code", "What it means", "What to do").map(([status, code = ""]) => [
			codes(code)[0],
			Number(status),
		]);
		const described = [...operations.values()].flatMap(answersOf).flatMap(([status, { content }]) => {
			const errors = content?.["application/problem+json"]?.schema.properties?.code?.enum ?? [];
			return errors.map((code) => [code, status] as const);
		});
		expect(Object.fromEntries(described)).toStrictEqual(Object.fromEntries(written));
		expect(schema("Problem").properties?.code?.enum).toStrictEqual(written.map(([code]) => code));
	});

	it("have the same settings, with the same defaults, bounds and secrets", () => {
		const written = tableRows(page, "Name", "Default", "Accepts").flatMap(
			([names = "", fallback = "", accepts = ""]) => {
				const [, minimum, maximum] =
					/^([\d,]+) to ([\d,]+)/.exec(accepts)?.map((each) => Number(each.replaceAll(",", ""))) ?? [];
				const value = codes(fallback)[0] ?? Number(fallback);
				return codes(names).map((name) => [
					name,
					{
						required: fallback.startsWith("required"),
						default: fallback.startsWith("required") || fallback === "none" ? undefined : value,
						minimum,
						maximum,
						secret: accepts.startsWith("a secret"),
					},
				]);
			},
		);
		const { properties = {}, required } = schema("Settings");
		const described = Object.entries(properties).map(([name, { default: fallback, minimum, maximum, writeOnly }]) => [
			name,
			{ required: required?.includes(name), default: fallback, minimum, maximum, secret: writeOnly === true },
		]);
		expect(Object.fromEntries(described)).toStrictEqual(Object.fromEntries(written));
	});

	it("have the same query of GET /events, with the same defaults", () => {
		const written = tableRows(page, "Query", "").flatMap(([names = "", text = ""]) =>
			codes(names).map((name) => [name, /`(\w+)` is the default/.exec(text)?.[1]]),
		);
		const query = (operation("GET /events").parameters ?? []).filter(({ in: place }) => place === "query");
		const credentials = Object.values(components.securitySchemes).filter(({ in: place }) => place === "query");
		const described = [
			...query.map(({ name, schema }) => [name, typeof schema.default === "string" ? schema.default : undefined]),
			...credentials.map(({ name }) => [name, undefined]),
		];
		expect(Object.fromEntries(described)).toStrictEqual(Object.fromEntries(written));
	});

	it("have the same fields of an event, and of a ticket's request", () => {
		const fields = tableRows(page, "Field", "").map(([name = "", text = ""]) => [
			codes(name)[0],
			text.startsWith("required"),
		]);
		expect(fieldsOf("Event")).toStrictEqual(Object.fromEntries(fields));
		const rows = tableRows(page, "Field", "With a token", "With a publish key").map(
			([name = "", token = "", key = ""]) => ({
				name: codes(name)[0],
				token,
				key: key === "the same" ? token : key,
			}),
		);
		for (const [body, column] of [
			["UserTicketRequest", "token"],
			["KeyTicketRequest", "key"],
		] as const) {
			const accepted = rows.filter((row) => !row[column].startsWith("not accepted"));
			const written = accepted.map((row) => [row.name, row[column].startsWith("required")]);
			expect(fieldsOf(body)).toStrictEqual(Object.fromEntries(written));
		}
	});

	it("have the same forms of a publish's body", () => {
		const written = new Set(tableRows(page, "`Content-Type`", "Body").flatMap(([type = ""]) => codes(type)));
		for (const route of ["POST /channels/{channel}/events", "POST /users/{sub}/events"]) {
			expect(new Set(Object.keys(operation(route).requestBody?.content ?? {}))).toStrictEqual(written);
		}
	});

	it("have the same names for all else: parameters, headers and fields", () => {
		const names = [...operations.values()].flatMap((each) => [
			...(each.parameters ?? []).map(({ name }) => name),
			...answersOf(each).flatMap(([, { headers }]) => Object.keys(headers ?? {})),
		]);
		const fields = Object.values(components.schemas).flatMap(({ properties }) => Object.keys(properties ?? {}));
		const isNamed = (name: string) => new RegExp(`(?:^ {4}|[\`"{?&/])${RegExp.escape(name)}(?![\\w-])`, "m").test(page);
		expect([...names, ...fields].filter((name) => !isNamed(name))).toStrictEqual([]);
		for (const header of ["Idempotency-Key", "If-Match", "Last-Event-ID", "Idempotent-Replayed", "Retry-After"]) {
			expect(names).toContain(header);
		}
	});
});

/** The fields of a body, and whether they must be there. */
function fieldsOf(name: string): Record<string, boolean> {
	const { properties = {}, required = [] } = schema(name);
	return Object.fromEntries(Object.keys(properties).map((field) => [field, required.includes(field)]));
}
