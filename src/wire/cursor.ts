import { z } from "zod";
import type { Offset } from "./offset.ts";

/**
 * A cursor is the `id` of a stream's events, and opaque to clients. For one channel, it is the decimal offset of the
 * last event that was sent. For several, it has an entry for each channel, a hash of the name and the offset in base
 * 36: `<hash><offset36>.<hash><offset36>…`. Because it names its channels, it also works in a stream of other channels.
 */

const DECIMAL = /^(?:0|[1-9]\d{0,15})$/;
/** 48 bits, in base64url. */
const HASH_BYTES = 6;
const HASH_CHARACTERS = 8;
const PLACE = `[\\w-]{${HASH_CHARACTERS}}(?:0|[1-9a-z][0-9a-z]{0,10})`;
const SEVERAL = new RegExp(`^${PLACE}(?:\\.${PLACE}){1,31}$`);

/** The id of an event in its channel. It is also the cursor of a stream of that channel alone. */
export const idSchema = z
	.string()
	.regex(DECIMAL, "must be the id of an event")
	.meta({ description: "The id of an event in its channel.", examples: ["1795223089000001"] });

/**
 * Returns the cursor for a position in one channel.
 *
 * @example
 * formatCursor(1795223089000001); // "1795223089000001"
 */
export function formatCursor(offset: Offset): string {
	return String(offset);
}

/**
 * Returns the position of a cursor of one channel, or `undefined` if the text is not such a cursor.
 *
 * @example
 * parseCursor("1795223089000001"); // 1795223089000001
 * parseCursor("yesterday"); // undefined
 */
export function parseCursor(text: string): Offset | undefined {
	if (!DECIMAL.test(text)) return undefined;
	const offset = Number(text);
	return Number.isSafeInteger(offset) ? offset : undefined;
}

/** A stream's position in each of its channels. */
export type Positions = ReadonlyMap<string, Offset>;

/** Formats and parses the cursors of one stream. */
export class Cursors {
	readonly #channels: readonly string[];
	/** One for each channel; empty for a single channel, whose cursors have no hash. */
	readonly #hashes: readonly string[];

	private constructor(channels: readonly string[], hashes: readonly string[]) {
		this.#channels = channels;
		this.#hashes = hashes;
	}

	/**
	 * Creates the cursors of a stream of these channels.
	 *
	 * @example
	 * (await Cursors.of(["orders", "chat:1"])).format((channel) => (channel === "orders" ? 36 : 35)); // "HBaK2wDS10.dOl7K-QDz"
	 */
	static async of(channels: readonly string[]): Promise<Cursors> {
		return new Cursors(channels, channels.length > 1 ? await hashesOf(channels) : []);
	}

	/** @param positionOf returns the position in a channel; `undefined` is the beginning. */
	format(positionOf: (channel: string) => Offset | undefined): string {
		const offsets = this.#channels.map((channel) => positionOf(channel) ?? 0);
		const [only] = offsets;
		if (offsets.length === 1 && only !== undefined) return formatCursor(only);
		return offsets.map((offset, index) => `${this.#hashes[index]}${offset.toString(36)}`).join(".");
	}

	/** Returns the positions that a cursor holds for these channels. It may name only some of them, or none. */
	async parse(text: string): Promise<Positions> {
		const [only] = this.#channels;
		const offset = this.#channels.length === 1 ? parseCursor(text) : undefined;
		if (only !== undefined && offset !== undefined) return new Map([[only, offset]]);
		const offsets = offsetsIn(text);
		if (offsets.size === 0) return new Map();
		const hashes = this.#hashes.length > 0 ? this.#hashes : await hashesOf(this.#channels);
		const positions = new Map<string, number>();
		for (const [index, channel] of this.#channels.entries()) {
			const offset = offsets.get(hashes[index] ?? "");
			if (offset !== undefined) positions.set(channel, offset);
		}
		return positions;
	}
}

/** Returns the offsets in a cursor of several channels, by the hashes of their names. */
function offsetsIn(text: string): ReadonlyMap<string, number> {
	if (!SEVERAL.test(text)) return new Map();
	const places = text.split(".").map((place) => {
		return [place.slice(0, HASH_CHARACTERS), Number.parseInt(place.slice(HASH_CHARACTERS), 36)] as const;
	});
	if (!places.every(([, offset]) => Number.isSafeInteger(offset))) return new Map();
	// An entry is ambiguous if two channels share a hash: it is dropped.
	return new Map(places.filter(([hash]) => places.filter(([other]) => other === hash).length === 1));
}

function hashesOf(channels: readonly string[]): Promise<string[]> {
	return Promise.all(channels.map(hashOf));
}

async function hashOf(channel: string): Promise<string> {
	const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(channel));
	const bytes = String.fromCharCode(...new Uint8Array(digest, 0, HASH_BYTES));
	return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_");
}
