import { describe, expect, it } from "vitest";
import { Utf8Decoder } from "../../../src/wire/live/utf8-decoder.ts";

function decode(bytes: Uint8Array, pieceSize: number): { text: string; isBroken: boolean; isWithinCharacter: boolean } {
	const decoder = new Utf8Decoder();
	let text = "";
	for (let at = 0; at < bytes.byteLength; at += pieceSize) {
		const decoded = decoder.decode(bytes.subarray(at, at + pieceSize));
		text += decoded.text;
		if (decoded.isBroken) return { text, isBroken: true, isWithinCharacter: false };
	}
	return { text, isBroken: false, isWithinCharacter: decoder.isWithinCharacter };
}

const TEXT = "a é € 😀 \u0000 \ufeff � z";

describe("UTF-8 in chunks", () => {
	it("is the same text wherever it is cut", () => {
		const bytes = new TextEncoder().encode(TEXT);
		for (let pieceSize = 1; pieceSize <= bytes.byteLength; pieceSize += 1) {
			expect(decode(bytes, pieceSize)).toEqual({ text: TEXT, isBroken: false, isWithinCharacter: false });
		}
	});

	it("may begin with one byte order mark, which is left out", () => {
		for (const pieceSize of [1, 2, 3, 4, 100]) {
			expect(decode(new TextEncoder().encode("\ufeffa"), pieceSize).text).toBe("a");
			expect(decode(new TextEncoder().encode("\ufeff\ufeffa"), pieceSize).text).toBe("\ufeffa");
		}
	});

	it("knows when a character is not complete", () => {
		const bytes = new TextEncoder().encode("ab😀");
		expect(decode(bytes.subarray(0, -1), 100)).toEqual({ text: "ab", isBroken: false, isWithinCharacter: true });
	});

	it.each([
		["a byte that none has", [0xff]],
		["a byte that only follows", [0x80]],
		["a character that is cut off", [0xe2, 0x82, 0x28]],
		["half of a surrogate pair", [0xed, 0xa0, 0x80]],
		["more bytes than a character needs", [0xc0, 0xaf]],
		["a byte that begins none", [0xf8, 0x88, 0x80, 0x80, 0x80]],
	])("is kept up to %s", (_, broken) => {
		const bytes = Uint8Array.from([...new TextEncoder().encode(TEXT), ...broken, 0x61, 0x62, 0x63]);
		for (let pieceSize = 1; pieceSize <= bytes.byteLength; pieceSize += 1) {
			expect(decode(bytes, pieceSize)).toEqual({ text: TEXT, isBroken: true, isWithinCharacter: false });
		}
	});
});
