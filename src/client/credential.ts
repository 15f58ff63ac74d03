/** What a variable that is not set becomes when it is put into a text. */
const UNSET = ["undefined", "null"];

/** Whether a value can be sent as a credential: visible ASCII characters, which is all that fits into the header. */
export function isCredential(value: unknown): value is string {
	return typeof value === "string" && /^[\x21-\x7e]+$/.test(value) && !UNSET.includes(value);
}
