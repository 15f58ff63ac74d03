import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { holderOf, newConnection } from "../../src/wire/connection.ts";
import { objectNameOf, type Place } from "../../src/wire/place.ts";

const NAMES = ["a", "orders", "b".repeat(31), "c".repeat(32), "d".repeat(33), "e".repeat(128), "user:auth0~7C1"];
const PLACES = NAMES.flatMap((channel): Place[] => [{ channel }, { channel, relay: "weur/2" }]);

describe("the id of a connection", () => {
	it.each(PLACES)("contains where the stream is held, $channel $relay, and does not reveal it", async (place) => {
		const connection = await newConnection(env.CHANNEL, place);
		expect(await holderOf(env.CHANNEL, connection)).toEqual(place);
		expect(connection).toMatch(/^[\w-]+$/);
		const bytes = Uint8Array.fromBase64(connection, { alphabet: "base64url" });
		const name = objectNameOf(place);
		if (name.length > 1) expect(new TextDecoder("latin1").decode(bytes)).not.toContain(name);
	});

	it("is unique to the stream, and does not reveal the length of the channel's name, or whether a relay holds it", async () => {
		const a = { channel: "a" };
		const places = [a, a, { channel: "orders" }, { channel: "c".repeat(32) }, { channel: "orders", relay: "weur/2" }];
		const ids = await Promise.all(places.map((place) => newConnection(env.CHANNEL, place)));
		expect(new Set(ids).size).toBe(ids.length);
		expect(new Set(ids.map(({ length }) => length)).size).toBe(1);
	});

	it("is not valid when it is of another deployment, modified or made up", async () => {
		const connection = await newConnection(env.CHANNEL, { channel: "orders", relay: "2" });
		expect(await holderOf(env.METRICS, connection)).toBeUndefined();
		const bytes = Uint8Array.fromBase64(connection, { alphabet: "base64url" });
		for (const [place, byte] of bytes.entries()) {
			const changed = bytes.slice();
			changed[place] = byte ^ 1;
			expect(await holderOf(env.CHANNEL, changed.toBase64({ alphabet: "base64url" }))).toBeUndefined();
		}
		for (const text of ["", "orders", "=", "A".repeat(86), `${crypto.randomUUID()}.orders`, "é", "x".repeat(10_000)]) {
			expect(await holderOf(env.CHANNEL, text)).toBeUndefined();
		}
	});
});
