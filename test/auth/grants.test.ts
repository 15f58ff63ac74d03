import { describe, expect, it } from "vitest";
import { covers, forSubject, maySubscribe, personalChannel } from "../../src/auth/grants.ts";
import { channelSchema } from "../../src/wire/names.ts";

describe("personalChannel", () => {
	it.each([
		["alice", "user:alice"],
		["auth0|1", "user:auth0~7C1"],
		["A.b_c:d@e-9", "user:A.b_c:d@e-9"],
		["~", "user:~7E"],
		["a~7Cb", "user:a~7E7Cb"],
		["*", "user:~2A"],
		["a b", "user:a~20b"],
		["a/b?c#d%", "user:a~2Fb~3Fc~23d~25"],
		["{sub}", "user:~7Bsub~7D"],
		["\0\n", "user:~00~0A"],
		["é", "user:~C3~A9"],
		["😀", "user:~F0~9F~98~80"],
		["__proto__", "user:__proto__"],
		["", "user:"],
	])("of %j is %s", (subject, channel) => {
		expect(personalChannel(subject)).toBe(channel);
	});

	it("is a valid channel name for every character that a subject may contain", () => {
		for (let code = 0; code < 0x300; code += 1) {
			const name = personalChannel(String.fromCodePoint(code));
			expect(channelSchema.safeParse(name).success, `character ${code}`).toBe(true);
		}
	});

	it("is unique to the subject", () => {
		const subjects = [
			"a|b",
			"a~7Cb",
			"a~7cb",
			"a%7Cb",
			"a~b",
			"a~~b",
			"a b",
			"ab",
			"a:b",
			"A|b",
			"a|B",
			"é",
			"e\u0301",
			"ａ",
		];
		expect(new Set(subjects.map(personalChannel)).size).toBe(subjects.length);
	});

	it("can be decoded to the subject", () => {
		for (const subject of ["auth0|1", "~7C", "~", "é~😀", "a:b@c"]) {
			const escaped = personalChannel(subject).slice("user:".length);
			expect(decodeURIComponent(escaped.replaceAll("~", "%"))).toBe(subject);
		}
	});
});

describe("forSubject", () => {
	it("replaces every placeholder", () => {
		expect(forSubject(["user:{sub}", "public:*", "pair:{sub}:{sub}"], "a|b")).toEqual([
			"user:a~7Cb",
			"public:*",
			"pair:a~7Cb:a~7Cb",
		]);
	});

	it.each(["*", "a*", "{sub}", "$&", "$1", "$`", "\\", "alice *", "alice,bob"])(
		"gives the subject %j its personal channel and nothing wider",
		(subject) => {
			expect(forSubject(["user:{sub}"], subject)).toEqual([personalChannel(subject)]);
			expect(channelSchema.safeParse(forSubject(["user:{sub}"], subject)[0] ?? "").success).toBe(true);
		},
	);

	it("does not mutate its input", () => {
		const patterns = ["user:{sub}"];
		forSubject(patterns, "alice");
		expect(patterns).toEqual(["user:{sub}"]);
	});
});

describe("covers", () => {
	it.each([
		[["orders"], "orders"],
		[["*"], "orders"],
		[["*"], "*"],
		[["chat:*"], "chat:7"],
		[["chat:*"], "chat:"],
		[["chat:*"], "chat:*"],
		[["chat:*"], "chat:7:*"],
		[["c*"], "chat:7"],
		[["news", "chat:*"], "chat:7"],
		[["user:*"], "user:bob"],
	])("%j covers %s", (patterns, wanted) => {
		expect(covers(patterns, wanted)).toBe(true);
	});

	it.each([
		[[], "orders"],
		[["orders"], "order"],
		[["orders"], "orders2"],
		[["orders"], "Orders"],
		[["orders"], "*"],
		[["orders"], "orders*"],
		[["chat:*"], "chat"],
		[["chat:*"], "Chat:7"],
		[["chat:*"], "my-chat:7"],
		[["chat:*"], "c*"],
		[["chat:*"], "*"],
		[["**"], "*"],
		[["chat:7"], "chat:*"],
		[[""], "orders"],
		[["**"], "orders"],
		[["*:chat"], "a:chat"],
		[["o*s"], "orders"],
		[["o.*"], "orders"],
		[[".*"], "orders"],
		[["{sub}"], "alice"],
		[["constructor"], "__proto__"],
	])("%j does not cover %s", (patterns, wanted) => {
		expect(covers(patterns, wanted)).toBe(false);
	});
});

describe("maySubscribe", () => {
	it.each([
		["alice", ["orders"], "orders"],
		["alice", ["*"], "orders"],
		["alice", ["chat:*"], "chat:7"],
		["alice", ["user:alice"], "user:alice"],
		["alice", ["user:*"], "user:alice"],
		["alice", ["*"], "user:alice"],
		["alice", ["user:al*"], "user:alice"],
		["alice", ["user:bob"], "user:bob"],
		["alice", ["*", "user:bob"], "user:bob"],
		["auth0|1", ["user:*"], "user:auth0~7C1"],
		["alice", ["*"], "user"],
		["alice", ["*"], "users:bob"],
		["alice", ["*"], "User:bob"],
	])("lets %s with %j open %s", (subject, grants, channel) => {
		expect(maySubscribe(subject, grants, channel)).toBe(true);
	});

	it.each([
		["alice", [], "orders"],
		["alice", [], "user:alice"],
		["alice", ["orders"], "user:alice"],
		["alice", ["chat:*"], "orders"],
		["alice", ["*"], "user:bob"],
		["alice", ["u*"], "user:bob"],
		["alice", ["user*"], "user:bob"],
		["alice", ["user:*"], "user:bob"],
		["alice", ["user:b*"], "user:bob"],
		["alice", ["user:bob*"], "user:bob"],
		["alice", ["user:alice*"], "user:alice2"],
		["alice", ["user:alice:*"], "user:alice:inbox"],
		["alice", ["user:alice"], "user:Alice"],
		["Alice", ["user:*"], "user:alice"],
		["alice", ["*"], "user:"],
		["alice", ["*"], "user:*"],
		["alice", ["user:bob"], "user:bo"],
		["alice", ["user:bob"], "user:bob2"],
		["al", ["user:*"], "user:alice"],
		["", ["*"], "user:alice"],
		["*", ["*"], "user:*"],
		["*", ["user:*"], "user:bob"],
		["auth0|1", ["*"], "user:auth0|1"],
		["auth0|1", ["*"], "user:auth0~7c1"],
		["auth0~7C1", ["*"], "user:auth0~7C1"],
		["user:bob", ["*"], "user:bob"],
		["__proto__", ["*"], "user:constructor"],
		["constructor", [], "user:constructor"],
	])("does not let %j with %j open %s", (subject, grants, channel) => {
		expect(maySubscribe(subject, grants, channel)).toBe(false);
	});

	it("allows only the subject's own personal channel with a grant of everything", () => {
		const subjects = [
			"alice",
			"alic",
			"alice2",
			"bob",
			"Alice",
			"alice|",
			"alice~7C",
			"~",
			"*",
			"user:alice",
			"é",
			"a b",
		];
		for (const subject of subjects) {
			const opened = subjects.filter((other) => maySubscribe(subject, ["*", "user:*"], personalChannel(other)));
			expect(opened).toEqual([subject]);
		}
	});

	it("allows only the subject's own personal channel with the default grants", () => {
		const subjects = ["alice", "alic", "*", "{sub}", "a*", "$&", "~", "public:x"];
		for (const subject of subjects) {
			const grants = forSubject(["user:{sub}", "public:*"], subject);
			expect(subjects.filter((other) => maySubscribe(subject, grants, personalChannel(other)))).toEqual([subject]);
		}
	});
});
