import { z } from "zod";
import type { Offset } from "./offset.ts";

/**
 * A cursor is the SSE `id` of a stream: opaque to clients. Of one channel it is the decimal offset of the last event that
 * was handed over. Of several it tells the same of each, `<hash><offset36>.<hash><offset36>…`: a hash of the channel's
 * name, so that the cursor is good for what it names also in a stream of other channels.
 */

const DECIMAL = /^(?:0|[1-9]\d{0,15})$/;
/** 48 bits, in base64url. */
const HASH_BYTES = 6;
const HASH_CHARACTERS = 8;
const PLACE = `[\\w-]{${HASH_CHARACTERS}}(?:0|[1-9a-z][0-9a-z]{0,10})`;
const SEVERAL = new RegExp(`^${PLACE}(?:\\.${PLACE}){1,31}$`);

/** The id of an event in its channel, which is the cursor of a stream of that channel alone. */
export const idSchema = z
	.string()
	.regex(DECIMAL, "must be the id of an event")
	.meta({ description: "The id of an event in its channel.", examples: ["1795223089000001"] });

/**
 * The cursor for a position in a channel.
 *
 * @example
 * formatCursor(1795223089000001); // "1795223089000001"
 */
export function formatCursor(offset: Offset): string {
	return String(offset);
}

/**
 * The position that a cursor stands for; `undefined` for text that no stream of one channel ever sent.
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

/** Where a stream stands in each of its channels. */
export type Positions = ReadonlyMap<string, Offset>;

/** The cursors of a stream of certain channels: a cursor always holds the position of every one of them. */
export class Cursors {
	readonly #channels: readonly string[];
	/** Of each channel; none where there is one channel, whose cursors do without. */
	readonly #hashes: readonly string[];

	private constructor(channels: readonly string[], hashes: readonly string[]) {
		this.#channels = channels;
		this.#hashes = hashes;
	}

	/**
	 * The cursors of a stream of these channels.
	 *
	 * @example
	 * (await Cursors.of(["orders", "chat:1"])).format((channel) => (channel === "orders" ? 36 : 35)); // "HBaK2wDS10.dOl7K-QDz"
	 */
	static async of(channels: readonly string[]): Promise<Cursors> {
		return new Cursors(channels, channels.length > 1 ? await hashesOf(channels) : []);
	}

	/** @param positionOf where the stream stands in a channel; `undefined`: at the beginning. */
	format(positionOf: (channel: string) => Offset | undefined): string {
		const offsets = this.#channels.map((channel) => positionOf(channel) ?? 0);
		const [only] = offsets;
		if (offsets.length === 1 && only !== undefined) return formatCursor(only);
		return offsets.map((offset, index) => `${this.#hashes[index]}${offset.toString(36)}`).join(".");
	}

	/** The positions that a cursor tells of these channels. It may name some of them only, or none. */
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

/** The offsets in a cursor of several channels, by the hashes of their names. */
function offsetsIn(text: string): ReadonlyMap<string, number> {
	if (!SEVERAL.test(text)) return new Map();
	const places = text.split(".").map((place) => {
		return [place.slice(0, HASH_CHARACTERS), Number.parseInt(place.slice(HASH_CHARACTERS), 36)] as const;
	});
	if (!places.every(([, offset]) => Number.isSafeInteger(offset))) return new Map();
	// Where two channels share a hash, it is not known which of them a position is of.
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
