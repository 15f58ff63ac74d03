/**
 * A cursor is the SSE `id` of a stream: opaque to clients, the decimal offset of the last event that was handed over.
 */

const DECIMAL = /^(?:0|[1-9]\d{0,15})$/;

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
