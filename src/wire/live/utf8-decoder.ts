/** Decodes UTF-8 that comes in chunks, and keeps what comes before bytes that are not UTF-8. */

/** The maximum number of bytes of a character (RFC 3629, section 3). */
const MAX_CHARACTER_BYTES = 4;
const MARK = "\ufeff";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

interface Decoded {
	text: string;
	/** Whether bytes follow that are not UTF-8. */
	isBroken: boolean;
}

export class Utf8Decoder {
	/** The bytes of a character whose others have not come yet. */
	#incomplete = new Uint8Array();
	#isAtStart = true;

	/** Decodes a chunk, without a byte order mark at the start. A character that is split is returned with its last byte. */
	decode(chunk: Uint8Array): Decoded {
		const bytes = this.#incomplete.byteLength === 0 ? chunk : joined(this.#incomplete, chunk);
		const complete = bytes.byteLength - incompleteBytes(bytes);
		this.#incomplete = bytes.slice(complete);
		const { text, isBroken } = decodeStart(bytes.subarray(0, complete));
		if (!this.#isAtStart || text === "") return { text, isBroken };
		this.#isAtStart = false;
		return { text: text.startsWith(MARK) ? text.slice(MARK.length) : text, isBroken };
	}

	/** Whether a character has begun and is not complete. */
	get isWithinCharacter(): boolean {
		return this.#incomplete.byteLength > 0;
	}
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
	const both = new Uint8Array(first.byteLength + second.byteLength);
	both.set(first);
	both.set(second, first.byteLength);
	return both;
}

/** How many bytes at the end belong to a character that is not complete. */
function incompleteBytes(bytes: Uint8Array): number {
	const { byteLength } = bytes;
	for (let count = 1; count < MAX_CHARACTER_BYTES && count <= byteLength; count += 1) {
		const byte = bytes[byteLength - count] ?? 0;
		// A byte of a character other than its first is 10xxxxxx.
		if (byte >> 6 !== 0b10) return bytesOfCharacter(byte) > count ? count : 0;
	}
	return 0;
}

/** The number of bytes of a character, by its first byte. */
function bytesOfCharacter(first: number): number {
	if (first >> 5 === 0b110) return 2;
	if (first >> 4 === 0b1110) return 3;
	return first >> 3 === 0b11110 ? 4 : 1;
}

/** Decodes bytes as far as they are UTF-8. */
function decodeStart(bytes: Uint8Array): Decoded {
	const text = decodeWhole(bytes);
	if (text !== undefined) return { text, isBroken: false };
	let start = "";
	let [valid, invalid] = [0, bytes.byteLength];
	while (invalid - valid > 1) {
		const middle = Math.floor((valid + invalid) / 2);
		const upTo = decodeWhole(bytes.subarray(0, middle - incompleteBytes(bytes.subarray(0, middle))));
		if (upTo === undefined) {
			invalid = middle;
		} else {
			valid = middle;
			start = upTo;
		}
	}
	return { text: start, isBroken: true };
}

function decodeWhole(bytes: Uint8Array): string | undefined {
	try {
		return decoder.decode(bytes);
	} catch {
		return undefined;
	}
}
