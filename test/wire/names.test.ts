import { describe, expect, it } from "vitest";
import { channelSchema, isChannelPattern } from "../../src/wire/names.ts";

const LONGEST = `a${"b".repeat(127)}`;

const NAMES = [
	"a",
	"A",
	"0",
	"orders",
	"orders.eu",
	"chat:7",
	"user:auth0~7C1",
	"a_b",
	"a@b",
	"a~b",
	"a-b",
	"9._:@~-",
	LONGEST,
];

const INVALID_NAMES = [
	"",
	`${LONGEST}c`,
	".a",
	"_a",
	":a",
	"@a",
	"~7C",
	"-a",
	"a b",
	" a",
	"a ",
	"a\n",
	"\na",
	"a\nb",
	"a\r",
	"a\0",
	"a/b",
	"a\\b",
	"a%20b",
	"a?b",
	"a#b",
	"a,b",
	"a=b",
	"a|b",
	"{sub}",
	"é",
	"aé",
	"ａ",
	"\u212a", // KELVIN SIGN, which a case-insensitive Unicode pattern would take for a K
	"a\u200b",
	"😀",
	"../a",
];

describe("channelSchema", () => {
	it.each(NAMES)("accepts %j", (name) => {
		expect(channelSchema.safeParse(name).success).toBe(true);
	});

	it.each([...INVALID_NAMES, "*", "chat:*", "*:chat", "a*b"])("refuses %j", (name) => {
		expect(channelSchema.safeParse(name).success).toBe(false);
	});
});

describe("isChannelPattern", () => {
	it.each([...NAMES, "*", "chat:*", "a*", "user:*", `${LONGEST}*`])("accepts %j", (pattern) => {
		expect(isChannelPattern(pattern)).toBe(true);
	});

	it.each([...INVALID_NAMES, "**", "*a", "*:chat", "a*b", "a**", ":*", "~*", " *", "* ", "*\n", "a *", `${LONGEST}c*`])(
		"refuses %j",
		(pattern) => {
			expect(isChannelPattern(pattern)).toBe(false);
		},
	);
});
