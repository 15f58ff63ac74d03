import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { addressHash, networkOf } from "../../../src/http/limits/address.ts";

describe("networkOf", () => {
	it.each([
		["192.0.2.7", "192.0.2.7"],
		["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
		["2001:DB8:1:2::", "2001:db8:1:2"],
		["2001:db8::7", "2001:db8:0:0"],
		["::1", "0:0:0:0"],
		["::", "0:0:0:0"],
		["::ffff:192.0.2.7", "c000:207"],
		["::ffff:c000:207", "c000:207"],
		["", ""],
		["unknown", "unknown"],
		["1::2::3", "1::2::3"],
		["fe80::1%eth0", "fe80::1%eth0"],
	])("is an IPv4 address, or the first 64 bits of an IPv6 address: %s", (address, network) => {
		expect(networkOf(address)).toBe(network);
	});

	it("holds no more of a hostile header than an address can have", () => {
		expect(networkOf(":".repeat(100_000))).toHaveLength(64);
	});
});

describe("addressHash", () => {
	const hashOf = (address?: string) => {
		const headers = new Headers(address === undefined ? {} : { "CF-Connecting-IP": address });
		return addressHash(env.CHANNEL, new Request("http://tidings.test/", { headers }));
	};

	it("is the same for one network, and does not show it", async () => {
		const hash = await hashOf("2001:db8::1");
		expect(hash).toMatch(/^[\w-]{22}$/);
		expect(await hashOf("2001:db8::2")).toBe(hash);
		expect(await hashOf("2001:db8:0:1::2")).not.toBe(hash);
		expect(await hashOf("192.0.2.7")).not.toBe(await hashOf("192.0.2.8"));
		expect(await hashOf()).toBe(await hashOf(""));
	});
});
