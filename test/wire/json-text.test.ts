import { describe, expect, it } from "vitest";
import { JsonText, outlineJson } from "../../src/wire/json-text.ts";

/** Every `data` that is found in JSON text, in compact form. */
function dataIn(json: string): (string | undefined)[] {
	return outlineJson(json).data.map((data) => data?.compact());
}

describe("outlineJson", () => {
	it.each([
		["of an object", '{"data":1}', ["1"]],
		["of each object of a list", '[{"data":1},{"type":"t","data":[2,{"data":3}],"retry":4}]', ["1", '[2,{"data":3}]']],
		["but not if there is none", '[{"type":"data"},{"to":{"data":1}}]', [undefined, undefined]],
		["but nothing with a similar name", '{"data2":1,"adata":2,"a":"data","to":{"data":3},"\\"data":4}', [undefined]],
		["whose name contains escapes", '{"d\\u0061ta":1e400}', ["1e400"]],
		["and the last one of duplicates", '{"data":1,"data":2}', ["2"]],
		["with white space around it", ' \n{ "data"\t:\r\n 1 , "type" : "t" } ', ["1"]],
		["despite brackets, quotes and commas in strings", '{"type":"[{\\"data\\":1},","data":"}],\\\\"}', ['"}],\\\\"']],
		["that is empty", '[{"data":{}},{"data":[]},{"data":""}]', ["{}", "[]", '""']],
	])("finds `data` %s", (_, json, data) => {
		expect(dataIn(json)).toEqual(data);
	});

	it.each([
		[
			"of each object of the list",
			'{"events":[{"data":1},{"type":"t","data":{"data":2}},{}]}',
			["1", '{"data":2}', undefined],
		],
		["but of no other list", '{"others":[{"data":1}],"data":2,"events":[{"data":3}],"more":[{"data":4}]}', ["3"]],
		["and the last list of duplicates", '{"events":[{"data":1}],"events":[{"data":2},{"data":3}]}', ["2", "3"]],
		["whatever escapes the name of the list has", '{"\\u0065vents":[{"data":1e400}]}', ["1e400"]],
		["with white space around it", ' { "events" : [ { "data" : 1 } ] } ', ["1"]],
	])("finds `data` in a message, %s", (_, json, data) => {
		expect(outlineJson(json, "events").data.map((each) => each?.compact())).toEqual(data);
	});

	it("lets a message be one level deeper, for what is around the events", () => {
		expect(outlineJson("[".repeat(513) + "]".repeat(513), "events").isTooDeep).toBe(false);
		expect(outlineJson("[".repeat(514) + "]".repeat(514), "events").isTooDeep).toBe(true);
	});

	it("measures the nesting depth, ignoring brackets in strings", () => {
		expect(outlineJson("[".repeat(512) + "]".repeat(512)).isTooDeep).toBe(false);
		expect(outlineJson("[".repeat(513) + "]".repeat(513)).isTooDeep).toBe(true);
		expect(outlineJson('{"a":'.repeat(513)).isTooDeep).toBe(true);
		expect(outlineJson(`["${"[".repeat(1000)}\\"${"{".repeat(1000)}"]`).isTooDeep).toBe(false);
		expect(outlineJson(`[${"[],".repeat(1000)}[]]`).isTooDeep).toBe(false);
	});

	it.each(["", "{", "}", "]]]]", '"', '{"data"', '{"data":', '{"data":"', '{"data":1', ":::", ",,,", '\\"'])(
		"does not throw on %j, which is not JSON",
		(text) => {
			expect(outlineJson(text).isTooDeep).toBe(false);
		},
	);
});

describe("JsonText", () => {
	it.each([
		"1e400",
		"-0",
		"-0.0",
		"1.0",
		"1E+2",
		"1e-400",
		"9007199254740993",
		"0.1000000000000000055511151231257827",
		"123456789012345678901234567890",
		'[1.50,{"a":-0}]',
		'{"2":1,"1":2,"a":1,"a":2,"__proto__":3}',
	])("keeps %s unchanged", (json) => {
		expect(new JsonText(json, false).compact()).toBe(json);
		expect(new JsonText(` ${json}\n`, true).compact()).toBe(json);
	});

	it("removes white space, except in strings", () => {
		const json = ' {\r\n\t"a b" : [ 1 , "c  d" , true ] , "e" : null } ';
		expect(new JsonText(json, true).compact()).toBe('{"a b":[1,"c  d",true],"e":null}');
	});

	it("removes unnecessary escapes from strings", () => {
		const json = String.raw`["\u4e2d\/\u0041","\u000a\"\\","\ud83d\ude00","\ud800"]`;
		expect(new JsonText(json, false).compact()).toBe(String.raw`["中/A","\n\"\\","😀","\ud800"]`);
	});
});
