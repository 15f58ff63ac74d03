import { describe, expect, it } from "vitest";
import { Problem } from "../../src/errors.ts";
import { acceptEvents } from "../../src/wire/intake.ts";
import { outlineJson } from "../../src/wire/json-text.ts";

const MAX = 65_536;

/** Accepts an input as a single event. */
function accept(input: unknown, maxEventBytes = MAX) {
	const [event, ...others] = acceptEvents(input, maxEventBytes);
	if (!event || others.length > 0) throw new Error("Expected a single event.");
	return event;
}

function refusal(input: unknown, maxEventBytes = MAX): Problem {
	try {
		acceptEvents(input, maxEventBytes);
	} catch (error) {
		if (error instanceof Problem) return error;
		throw error;
	}
	throw new Error("The input was accepted.");
}

describe("acceptEvents: an event", () => {
	it("has the type `message` by default, and no other fields", () => {
		expect(acceptEvents({ data: 1 }, MAX)).toEqual([{ type: "message", data: "1" }]);
		expect(Object.keys(accept({ data: 1 }))).toEqual(["type", "data"]);
	});

	it("can have all fields", () => {
		const input = { type: "order", data: { id: 7 }, retry: 100, to: { user: "bob", claims: { role: "admin" } } };
		expect(acceptEvents(input, MAX)).toEqual([{ ...input, data: '{"id":7}' }]);
	});

	it.each([undefined, null, "text", 7, true, Symbol("event")])("cannot be %s", (input) => {
		expect(refusal(input)).toMatchObject({ code: "invalid_event", detail: expect.stringMatching(/^The event /) });
	});

	it.each(["id", "event", "Type", "user", "to.user", ""])("cannot have a field %j", (name) => {
		expect(refusal({ data: 1, [name]: "x" }).code).toBe("invalid_event");
	});

	it("does not inherit fields from its prototype chain", () => {
		const input: unknown = JSON.parse('{"__proto__":{"data":1,"type":"order"}}');
		expect(refusal(input).code).toBe("invalid_event");
		expect(refusal(JSON.parse('{"data":1,"__proto__":{"to":{"user":"alice"}}}')).code).toBe("invalid_event");
	});
});

describe("acceptEvents: data", () => {
	it.each([
		["text", '"text"'],
		["", '""'],
		['"', '"\\""'],
		[7, "7"],
		[-0.5, "-0.5"],
		[0, "0"],
		[true, "true"],
		[false, "false"],
		[null, "null"],
		[[], "[]"],
		[{}, "{}"],
		[{ b: [1, { c: null }], a: "é" }, '{"b":[1,{"c":null}],"a":"é"}'],
	])("can be %j", (data, json) => {
		expect(accept({ data }).data).toBe(json);
	});

	it("is required", () => {
		expect(refusal({ type: "order" }).detail).toBe("`data` is missing; any JSON value will do.");
		expect(refusal({ data: undefined }).detail).toBe("`data` is missing; any JSON value will do.");
	});

	it("keeps a key `__proto__`", () => {
		expect(accept(JSON.parse('{"data":{"__proto__":{"a":1}}}')).data).toBe('{"__proto__":{"a":1}}');
	});

	it.each<[unknown, string]>([
		[() => 1, "`data` is a function, which JSON cannot represent."],
		[Symbol("data"), "`data` is a symbol, which JSON cannot represent."],
		[7n, "`data` is a bigint, which JSON cannot represent."],
		[new Map([["a", 1]]), "`data` is an instance of Map, which JSON cannot represent."],
		[{ seen: [1, new Set([2])] }, "`data.seen.1` is an instance of Set, which JSON cannot represent."],
		[{ at: Number.NaN }, "`data.at` is NaN, which JSON would not preserve."],
	])("cannot be a value that JSON would silently change, and its path is given", (data, detail) => {
		expect(refusal({ data })).toMatchObject({ code: "invalid_event", detail });
		expect(refusal([{ data: 1 }, { data }]).detail).toBe(`Event 1 of the batch: ${detail}`);
	});

	it.each(["a\ud800b", "\udc00", "\udc00\ud800", "😀".slice(1)])(
		"cannot be a string with a lone surrogate, which UTF-8 cannot encode",
		(data) => {
			expect(refusal({ data })).toMatchObject({
				code: "invalid_event",
				detail: "`data` contains a lone surrogate, which UTF-8 cannot encode. Send complete characters.",
			});
		},
	);

	it.each(["😀", "\\ud800", "\\\\udc00", "\ufffd"])(
		"can be the string %j, which only looks like a lone surrogate",
		(data) => {
			expect(accept({ data }).data).toBe(JSON.stringify(data));
		},
	);

	it("is kept unchanged when it is JSON text", () => {
		const [data] = outlineJson('{"data": [ 1e400, -0, 9007199254740993, 1.0 ]}').data;
		expect(accept({ data }).data).toBe("[1e400,-0,9007199254740993,1.0]");
	});

	it("has lone surrogates escaped within other JSON, so that it is well-formed", () => {
		const { data } = accept({ data: { "\ud800": ["\udc00"] } });
		expect(data.isWellFormed()).toBe(true);
		expect(JSON.parse(data)).toEqual({ "\ud800": ["\udc00"] });
	});

	it("can be nested 500 levels deep", () => {
		const json = "[".repeat(500) + "]".repeat(500);
		expect(accept({ data: JSON.parse(json) }).data).toBe(json);
	});

	it("can be nested 512 levels deep, and no deeper", () => {
		const nested = (depth: number): unknown => JSON.parse("[".repeat(depth) + "]".repeat(depth));
		expect(accept({ data: nested(512) }).data).toBe("[".repeat(512) + "]".repeat(512));
		for (const depth of [513, 5000, 100_000]) expect(refusal({ data: nested(depth) }).detail).toContain("512 levels");
	});

	it.each(["to", "type", "retry"])("is the only field that can be nested deeply: %s is refused", (name) => {
		const input: unknown = JSON.parse(`{"data":1,"${name}":${"[".repeat(100_000) + "]".repeat(100_000)}}`);
		expect(refusal(input).code).toBe("invalid_event");
	});

	it("cannot be replaced with deeply nested claims", () => {
		const input: unknown = JSON.parse(`{"data":1,"to":{"claims":{"a":${"[".repeat(100_000) + "]".repeat(100_000)}}}}`);
		expect(refusal(input).code).toBe("invalid_event");
	});
});

describe("acceptEvents: type", () => {
	it.each([
		"order",
		"Connected",
		"connected ",
		"gap2",
		"Error",
		"OPEN",
		"errors",
		"a b",
		" ",
		"__proto__",
		"constructor",
		"订单",
		"\u2028",
		"\u00ad",
	])("can be %j", (type) => {
		expect(accept({ type, data: 1 }).type).toBe(type);
	});

	it.each(["connected", "gap", "expiring", "presence", "closing", "heartbeat", "ended", "error", "open"])(
		"cannot be %s, which is reserved",
		(type) => {
			expect(refusal({ type, data: 1 })).toMatchObject({
				code: "invalid_event",
				detail: `\`type\` is not valid: "${type}" is reserved for the service; choose another name.`,
			});
		},
	);

	it.each(["a\nb", "a\r", "\0", "a\tb", "\x1b", "\x7f", "\u0080", "\u0085", "\u009f", "\n\nevent: gap"])(
		"cannot contain a control character: %j",
		(type) => {
			expect(refusal({ type, data: 1 }).detail).toBe("`type` must not contain control characters.");
		},
	);

	it("cannot be empty", () => {
		expect(refusal({ type: "", data: 1 }).detail).toContain("`type` must not be empty");
	});

	it.each([null, 7, true, [], {}, ["order"]])("cannot be %j", (type) => {
		expect(refusal({ type, data: 1 })).toMatchObject({
			code: "invalid_event",
			detail: expect.stringMatching(/^`type` /),
		});
	});

	it.each(["x", "é", "😀"])("has at most 64 characters, counting %s as one", (character) => {
		expect(accept({ type: character.repeat(64), data: 1 }).type).toBe(character.repeat(64));
		expect(refusal({ type: character.repeat(65), data: 1 }).detail).toBe("`type` must have at most 64 characters.");
	});

	it("is refused when it is far too long, without counting its characters", () => {
		expect(refusal({ type: "x".repeat(1_000_000), data: 1 }).detail).toBe("`type` must have at most 64 characters.");
	});

	it("cannot contain a lone surrogate", () => {
		expect(refusal({ type: "a\ud800", data: 1 }).detail).toBe("`type` must not contain a lone surrogate.");
	});
});

describe("acceptEvents: retry", () => {
	it.each([0, 1, 2000, 3_600_000])("can be %i", (retry) => {
		expect(accept({ data: 1, retry }).retry).toBe(retry);
	});

	it.each([-1, 1.5, 3_600_001, 2_147_483_647, 1e300, Number.NaN, Number.POSITIVE_INFINITY, "100", null, true, []])(
		"cannot be %j",
		(retry) => {
			expect(refusal({ data: 1, retry })).toMatchObject({
				code: "invalid_event",
				detail: "`retry` must be a whole number of milliseconds from 0 to 3600000.",
			});
		},
	);
});

describe("acceptEvents: to", () => {
	it.each<object>([
		{ user: "alice" },
		{ user: "auth0|1" },
		{ user: "**" },
		{ claims: { role: "admin" } },
		{ claims: { level: 3, active: true, team: null, "": "" } },
		{ user: "alice", claims: { role: "admin" } },
		{ claims: { constructor: "x", toString: "y" } },
	])("can be %j", (to) => {
		expect(accept({ data: 1, to }).to).toEqual(to);
	});

	it("is everyone for the user `*`, like no `to`", () => {
		expect(accept({ data: 1, to: { user: "*" } })).toEqual({ type: "message", data: "1" });
		expect(accept({ data: 1, to: { user: "*", claims: { role: "admin" } } }).to).toEqual({ claims: { role: "admin" } });
	});

	it.each<object>([
		{},
		{ user: "" },
		{ user: null },
		{ user: 7 },
		{ user: ["alice"] },
		{ user: undefined },
		{ user: "\ud800" },
		{ user: "alice\udc00" },
		{ user: "\udc00\ud800", claims: { role: "admin" } },
		{ claims: null },
		{ claims: [] },
		{ claims: "admin" },
		{ claims: {} },
		{ user: "alice", claims: {} },
		{ user: "*", claims: {} },
		{ users: ["alice"] },
		{ user: "alice", group: "x" },
		{ claims: { role: ["admin"] } },
		{ claims: { role: { is: "admin" } } },
		{ claims: { role: undefined } },
		{ claims: { level: Number.NaN } },
		{ claims: { level: Number.POSITIVE_INFINITY } },
		{ claims: { tenant: 2 ** 53 } },
		{ claims: { role: "admin", tenant: 738529527931269400 } },
		{ claims: { tenant: -(2 ** 53) } },
		{ claims: { tenant: 1e300 } },
	])("cannot be %j, which could reach unintended recipients", (to) => {
		expect(refusal({ data: 1, to })).toMatchObject({ code: "invalid_event", detail: expect.stringMatching(/^`to/) });
	});

	it.each([null, [], "alice", 7, true, ["alice"]])("cannot be %j", (to) => {
		expect(refusal({ data: 1, to })).toMatchObject({ code: "invalid_event", detail: expect.stringMatching(/^`to` /) });
	});

	it.each([
		'{"claims":{"__proto__":"admin"}}',
		'{"claims":{"__proto__":"admin","role":"admin"}}',
		'{"claims":{"role":"admin","__proto__":null}}',
		'{"claims":{"__proto__":{"role":"admin"}}}',
		'{"user":"alice","claims":{"__proto__":"admin"}}',
		'{"user":"alice","claims":{"__proto__":"admin","role":"admin"}}',
	])("cannot be %s: losing a claim would widen the audience", (to) => {
		expect(refusal(JSON.parse(`{"data":1,"to":${to}}`))).toMatchObject({
			code: "invalid_event",
			detail: expect.stringMatching(/^`to/),
		});
	});

	it.each(['{"__proto__":{"user":"alice"}}', '{"__proto__":{"claims":{"role":"admin"}}}'])("cannot be %s", (to) => {
		expect(refusal(JSON.parse(`{"data":1,"to":${to}}`)).code).toBe("invalid_event");
	});

	it("can contain numbers that JSON represents exactly, and the error explains how to send others", () => {
		const claims = { a: Number.MAX_SAFE_INTEGER, b: Number.MIN_SAFE_INTEGER, c: 0.5, d: 0 };
		expect(accept({ data: 1, to: { claims } }).to).toEqual({ claims });
		expect(refusal({ data: 1, to: { claims: { tenant: 7n } } }).code).toBe("invalid_event");
		expect(refusal({ data: 1, to: { claims: { tenant: 2 ** 53 } } }).detail).toMatch(
			/^`to\.claims\.tenant` must not be a number beyond 2\^53 - 1.*string/,
		);
	});

	it("can have at most 16 claims", () => {
		const claims = (count: number) =>
			Object.fromEntries(Array.from({ length: count }, (_, index) => [`c${index}`, index]));
		expect(accept({ data: 1, to: { claims: claims(16) } }).to).toEqual({ claims: claims(16) });
		expect(refusal({ data: 1, to: { claims: claims(17) } }).detail).toBe("`to.claims` must have at most 16 claims.");
	});

	it("has its claims counted before they are validated", () => {
		const claims = Object.fromEntries(Array.from({ length: 125_000 }, (_, index) => [`c${index}`, []]));
		expect(refusal({ data: 1, to: { claims } }).detail).toBe("`to.claims` must have at most 16 claims.");
	});

	it("is a copy, which later changes to the input do not affect", () => {
		const to = { claims: { role: "admin" } };
		const event = accept({ data: 1, to });
		to.claims.role = "guest";
		expect(event.to).toEqual({ claims: { role: "admin" } });
	});
});

describe("acceptEvents: a batch", () => {
	const batch = (count: number) => Array.from({ length: count }, (_, data) => ({ data }));

	it.each([1, 2, 100])("can contain %i events, which stay in order", (count) => {
		expect(acceptEvents(batch(count), MAX).map(({ data }) => data)).toEqual(batch(count).map(({ data }) => `${data}`));
	});

	it.each([0, 101, 1000])("cannot contain %i events", (count) => {
		expect(refusal(batch(count))).toMatchObject({
			code: "invalid_event",
			detail: "A batch must contain 1 to 100 events. Split a larger batch.",
		});
	});

	it("is refused when one event is invalid, and its index is given", () => {
		expect(refusal([{ data: 1 }, { data: 2, type: "gap" }, { data: 3 }]).detail).toMatch(
			/^Event 1 of the batch: `type` is not valid: "gap" is reserved/,
		);
		expect(refusal([{ data: 1 }, {}]).detail).toBe("Event 1 of the batch: `data` is missing; any JSON value will do.");
		expect(refusal([null]).detail).toMatch(/^Event 0 of the batch: The event /);
	});

	it("is refused when one event is too large, and its index is given", () => {
		expect(refusal([{ data: 1 }, { data: "xxxx" }], 3)).toMatchObject({
			code: "payload_too_large",
			detail: expect.stringMatching(/^Event 1 of the batch: The event has 4 bytes of data; at most 3 /),
		});
	});

	it("limits the size of each event, not of the batch", () => {
		expect(acceptEvents([{ data: "xxx" }, { data: "yyy" }], 3)).toHaveLength(2);
	});

	it("cannot have holes", () => {
		const holed = [{ data: 1 }];
		holed[2] = { data: 3 };
		expect(refusal(holed).detail).toMatch(/^Event 1 of the batch: The event /);
	});

	it("cannot contain batches", () => {
		expect(refusal([[{ data: 1 }]]).code).toBe("invalid_event");
	});

	it("is refused without a crash when it consists of brackets only", () => {
		expect(refusal(JSON.parse("[".repeat(100_000) + "]".repeat(100_000))).code).toBe("invalid_event");
	});
});

describe("acceptEvents: MAX_EVENT_BYTES", () => {
	it.each([
		["a string, without its quotes", "x".repeat(10), 10],
		["a string in UTF-8", "é€😀", 2 + 3 + 4],
		["a string as it is sent, not as JSON escapes it", '"\n\\\0', 4],
		["an object as compact JSON", { a: "é" }, 10],
		["a number", 12_345, 5],
		["null", null, 4],
	])("counts %s", (_, data, bytes) => {
		expect(acceptEvents({ data }, bytes)).toHaveLength(1);
		expect(refusal({ data }, bytes - 1)).toMatchObject({
			code: "payload_too_large",
			detail: expect.stringContaining(`The event has ${bytes} bytes of data; at most ${bytes - 1} are allowed`),
		});
	});

	it("counts the recipients, too", () => {
		const event = { data: "x", to: { user: "é" } };
		const bytes = 1 + new TextEncoder().encode('{"user":"é"}').byteLength;
		expect(acceptEvents(event, bytes)).toHaveLength(1);
		expect(refusal(event, bytes - 1).code).toBe("payload_too_large");
	});

	it("accepts the empty string at any limit", () => {
		expect(acceptEvents({ data: "" }, 1)).toHaveLength(1);
	});

	it("is exact at its default", () => {
		expect(acceptEvents({ data: "x".repeat(MAX) }, MAX)).toHaveLength(1);
		expect(acceptEvents({ data: "é".repeat(MAX / 2) }, MAX)).toHaveLength(1);
		expect(refusal({ data: "x".repeat(MAX + 1) }).code).toBe("payload_too_large");
		expect(refusal({ data: `${"é".repeat(MAX / 2)}x` }).code).toBe("payload_too_large");
	});

	it("does not quote the data in its detail", () => {
		expect(refusal({ data: "hunter2".repeat(10) }, 3).detail).not.toContain("hunter2");
	});
});
