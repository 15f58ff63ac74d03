declare const json: unique symbol;

/** A text that is known to be JSON, without space between its tokens. */
export type Json = string & { readonly [json]: true };

/**
 * Writes a value as JSON. The value must be one that JSON can hold.
 *
 * @example
 * toJson({ id: 7 }); // '{"id":7}'
 */
export function toJson(value: unknown): Json {
	return JSON.stringify(value) as Json;
}
