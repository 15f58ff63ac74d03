declare const json: unique symbol;

/** A string that is known to be compact JSON. */
export type Json = string & { readonly [json]: true };

/**
 * Serialises a value as compact JSON. The value must be serialisable.
 *
 * @example
 * toJson({ id: 7 }); // '{"id":7}'
 */
export function toJson(value: unknown): Json {
	return JSON.stringify(value) as Json;
}
