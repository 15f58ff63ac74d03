import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { channelOf, newConnection } from "../../src/wire/connection.ts";

const NAMES = ["a", "orders", "b".repeat(31), "c".repeat(32), "d".repeat(33), "e".repeat(128), "user:auth0~7C1"];

describe("the id of a connection", () => {
	it.each(NAMES)("contains the channel %s, and does not reveal it", async (name) => {
		const connection = await newConnection(env.CHANNEL, name);
		expect(await channelOf(env.CHANNEL, connection)).toBe(name);
		expect(connection).toMatch(/^[\w-]+$/);
		const bytes = Uint8Array.fromBase64(connection, { alphabet: "base64url" });
		if (name.length > 1) expect(new TextDecoder("latin1").decode(bytes)).not.toContain(name);
	});

	it("is unique to the stream, and does not reveal the length of the channel's name", async () => {
		const ids = await Promise.all(["a", "a", "orders", "c".repeat(32)].map((name) => newConnection(env.CHANNEL, name)));
		expect(new Set(ids).size).toBe(ids.length);
		expect(new Set(ids.map(({ length }) => length)).size).toBe(1);
	});

	it("is not valid when it is of another deployment, modified or made up", async () => {
		const connection = await newConnection(env.CHANNEL, "orders");
		expect(await channelOf(env.METRICS, connection)).toBeUndefined();
		const bytes = Uint8Array.fromBase64(connection, { alphabet: "base64url" });
		for (const [place, byte] of bytes.entries()) {
			const changed = bytes.slice();
			changed[place] = byte ^ 1;
			expect(await channelOf(env.CHANNEL, changed.toBase64({ alphabet: "base64url" }))).toBeUndefined();
		}
		for (const text of ["", "orders", "=", "A".repeat(86), `${crypto.randomUUID()}.orders`, "é", "x".repeat(10_000)]) {
			expect(await channelOf(env.CHANNEL, text)).toBeUndefined();
		}
	});
});
