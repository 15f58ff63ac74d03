import { describe, expect, it } from "vitest";
import { bearerToken, type Credentials, secretsOf, subscriberCredentials } from "../../src/auth/credentials.ts";
import { queryOf } from "../../src/http/reading/query.ts";
import { readParameters } from "../../src/parameters.ts";

function request(query = "", authorization?: string): Request {
	const headers = authorization === undefined ? {} : { Authorization: authorization };
	return new Request(`http://tidings.test/events?channel=orders${query}`, { headers });
}

function credentialsIn(query = "", authorization?: string): Credentials | undefined {
	return subscriberCredentials(request(query, authorization), readParameters(query, "invalid_request", "query"));
}

function problem(code: string) {
	return expect.objectContaining({ name: "Problem", code });
}

const SCHEMES = [
	"Basic YWxpY2U6c2VjcmV0",
	"Basic",
	"Digest x",
	"Token abc",
	"abc.def.ghi",
	"BearerX abc",
	"",
	"Bearer\tabc",
];
const MALFORMED = ["Bearer", "Bearer ", "Bearer a b", "Bearer a, Bearer b", "bearer  a  b"];

describe("bearerToken", () => {
	it.each(["Bearer abc", "bearer abc", "BEARER abc", "Bearer   abc", "  Bearer abc  "])(
		"reads the token of %j",
		(authorization) => {
			expect(bearerToken(request("", authorization))).toBe("abc");
		},
	);

	it("reads every character that a token may have", () => {
		expect(bearerToken(request("", "Bearer aZ09-._~+/=="))).toBe("aZ09-._~+/==");
	});

	it("misses a token where there is no header", () => {
		expect(() => bearerToken(request())).toThrow(problem("missing_token"));
	});

	it("does not look at the query", () => {
		expect(() => bearerToken(request("&token=abc"))).toThrow(problem("missing_token"));
	});

	it.each(SCHEMES)("does not support the scheme of %j", (authorization) => {
		expect(() => bearerToken(request("", authorization))).toThrow(problem("unsupported_auth_scheme"));
	});

	it.each(MALFORMED)("refuses %j, which is not one token", (authorization) => {
		expect(() => bearerToken(request("", authorization))).toThrow(problem("invalid_token"));
	});

	it.each(["Basic hunter2", "hunter2", "Bearer hunter2 hunter2"])(
		"does not repeat what came in %j",
		(authorization) => {
			expect(() => bearerToken(request("", authorization))).toThrow(
				expect.objectContaining({ detail: expect.not.stringContaining("hunter2") }),
			);
		},
	);
});

describe("subscriberCredentials", () => {
	it("reads a token from the header", () => {
		expect(credentialsIn("", "Bearer abc")).toEqual({ kind: "token", token: "abc" });
	});

	it("reads a token from the query", () => {
		expect(credentialsIn("&token=abc")).toEqual({ kind: "token", token: "abc" });
	});

	it("reads a ticket from the query", () => {
		expect(credentialsIn("&ticket=a.b%2Bc")).toEqual({ kind: "ticket", ticket: "a.b+c" });
	});

	it("finds none where there are none, and one that is empty", () => {
		expect(credentialsIn()).toBeUndefined();
		expect(credentialsIn("&Token=abc&tickets=abc")).toBeUndefined();
		expect(credentialsIn("&token=")).toEqual({ kind: "token", token: "" });
	});

	it.each([
		["a header and a token", "&token=abc", "Bearer abc"],
		["a header and a ticket", "&ticket=abc", "Bearer abc"],
		["a token and a ticket", "&token=abc&ticket=abc", undefined],
		["two tokens", "&token=abc&token=abc", undefined],
		["two tickets", "&ticket=abc&ticket=def", undefined],
		["a token and an empty one", "&token=abc&token=", undefined],
		["a header and an empty token", "&token=", "Bearer abc"],
		["all three", "&token=abc&ticket=abc", "Bearer abc"],
	])("refuses %s: they may not say the same", (_, query, authorization) => {
		expect(() => credentialsIn(query, authorization)).toThrow(problem("invalid_request"));
	});

	it.each(SCHEMES)("does not support the scheme of %j", (authorization) => {
		expect(() => credentialsIn("", authorization)).toThrow(problem("unsupported_auth_scheme"));
	});

	it.each(MALFORMED)("refuses %j, which is not one token", (authorization) => {
		expect(() => credentialsIn("", authorization)).toThrow(problem("invalid_token"));
	});
});

describe("secretsOf", () => {
	it.each([
		["Bearer abc", ["abc"]],
		["bearer  a  b", ["a", "b"]],
		["Bearer a, Bearer b", ["a", "b"]],
		["Bearer\tabc", ["abc"]],
		["Basic YWxp", ["YWxp"]],
		["abc.def", ["abc.def"]],
	])("finds what may be a credential in the header, whatever its form: %j", (authorization, secrets) => {
		const { headers, url } = request("", authorization);
		expect(secretsOf(headers, queryOf(url))).toEqual(expect.arrayContaining(secrets));
	});

	it("finds every token and ticket of the query, as they stand there and as they are meant", () => {
		const { headers, url } = request("&token=a%2Bb&note=c&ticket=d+e&token=&%74oken=f&xtoken=g");
		const found = secretsOf(headers, queryOf(url)).filter((secret) => secret !== "");
		expect(found).toEqual(["a+b", "a%2Bb", "d e", "d+e", "f", "f"]);
	});

	it("finds those that are badly encoded, as they stand there", () => {
		const { headers, url } = request("&token=%E9a&ticket=100%&token%FF=g&&ticket");
		const found = secretsOf(headers, queryOf(url)).filter((secret) => secret !== "");
		expect(found).toEqual(["%E9a", "%E9a", "100%", "100%"]);
	});

	it("finds none where there are none", () => {
		const { headers, url } = request();
		expect(secretsOf(headers, queryOf(url)).join("")).toBe("");
	});
});
