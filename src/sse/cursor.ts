import { z } from "zod";

/**
 * A cursor is the SSE `id` of a stream: opaque to clients. Of one channel it is the decimal offset of the last event that
 * was handed over; of several, `<fingerprint>:<offset36>,<offset36>,…`, in the order of the sorted channel names.
 */

const DECIMAL = /^(?:0|[1-9]\d{0,15})$/;
const SEVERAL = /^([0-9a-f]{8}):([0-9a-z]{1,11}(?:,[0-9a-z]{1,11})*)$/;

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
export function formatCursor(offset: number): string {
	return String(offset);
}

/**
 * The position that a cursor stands for; `undefined` for text that no stream of one channel ever sent.
 *
 * @example
 * parseCursor("1795223089000001"); // 1795223089000001
 * parseCursor("yesterday"); // undefined
 */
export function parseCursor(text: string): number | undefined {
	if (!DECIMAL.test(text)) return undefined;
	const offset = Number(text);
	return Number.isSafeInteger(offset) ? offset : undefined;
}

/** Where a stream stands in each of its channels. */
export type Positions = ReadonlyMap<string, number>;

/** The cursors of a stream of certain channels: a cursor always holds the position of every one of them. */
export class Cursors {
	readonly #channels: readonly string[];
	readonly #fingerprint: string;

	private constructor(channels: readonly string[], fingerprint: string) {
		this.#channels = channels;
		this.#fingerprint = fingerprint;
	}

	/**
	 * The cursors of a stream of these channels, in whichever order they are named.
	 *
	 * @example
	 * (await Cursors.of(["orders", "chat:1"])).format(new Map([["chat:1", 35], ["orders", 36]])); // "7e330952:z,10"
	 */
	static async of(channels: readonly string[]): Promise<Cursors> {
		const sorted = [...channels].sort();
		return new Cursors(sorted, sorted.length > 1 ? await fingerprintOf(sorted) : "");
	}

	format(positions: Positions): string {
		const offsets = this.#channels.map((channel) => positions.get(channel) ?? 0);
		const [only] = offsets;
		if (offsets.length === 1 && only !== undefined) return formatCursor(only);
		return `${this.#fingerprint}:${offsets.map((offset) => offset.toString(36)).join(",")}`;
	}

	/** The positions that a cursor stands for; `undefined` for text that is no cursor of these channels. */
	parse(text: string): Positions | undefined {
		const offsets = this.#channels.length === 1 ? [parseCursor(text)] : this.#parseSeveral(text);
		if (offsets.length !== this.#channels.length) return undefined;
		const positions = new Map<string, number>();
		for (const [index, channel] of this.#channels.entries()) {
			const offset = offsets[index];
			if (offset === undefined) return undefined;
			positions.set(channel, offset);
		}
		return positions;
	}

	#parseSeveral(text: string): (number | undefined)[] {
		const [, fingerprint, offsets = ""] = SEVERAL.exec(text) ?? [];
		if (fingerprint !== this.#fingerprint) return [];
		return offsets.split(",").map((digits) => {
			const offset = Number.parseInt(digits, 36);
			return Number.isSafeInteger(offset) && offset.toString(36) === digits ? offset : undefined;
		});
	}
}

async function fingerprintOf(channels: readonly string[]): Promise<string> {
	// No channel's name has a space.
	const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(channels.join(" ")));
	return new DataView(digest).getUint32(0).toString(16).padStart(8, "0");
}
