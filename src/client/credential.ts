/** What an unset variable becomes in a template literal. */
const UNSET = ["undefined", "null"];

/** Whether a value can be sent as a credential. A header holds visible ASCII characters only. */
export function isCredential(value: unknown): value is string {
	return typeof value === "string" && /^[\x21-\x7e]+$/.test(value) && !UNSET.includes(value);
}
