const REDACTED = "[redacted]";
/** Nobody who means well sends so many. */
const MAX_FORMS = 64;

/** What must stand in no text that is kept, such as the credentials of a request. */
export class Secrets {
	readonly #forms: readonly string[];

	constructor(secrets: readonly string[]) {
		this.#forms = [...new Set(secrets.flatMap(formsOf))];
	}

	/** The text without them, wherever they stand in it. Where they are too many to look for, nothing of it is left. */
	redact(text: string): string {
		if (this.#forms.length > MAX_FORMS) return REDACTED;
		const found = this.#forms.filter((form) => text.includes(form));
		if (found.length === 0) return text;
		// In one go, as a secret may also stand in what takes another's place; and the longest first, to leave no rest of it.
		const longestFirst = found.sort((one, other) => other.length - one.length).map(RegExp.escape);
		return text.replace(new RegExp(longestFirst.join("|"), "g"), REDACTED);
	}
}

/** A secret as it may stand in a text: as it is, in a URL, and in JSON. */
function formsOf(secret: string): string[] {
	if (secret === "") return [];
	if (/^[\w.~-]+$/.test(secret)) return [secret];
	const encoded = encodeURIComponent(secret.toWellFormed());
	const lowerCase = encoded.replace(/%../g, (octet) => octet.toLowerCase());
	return [secret, encoded, lowerCase, JSON.stringify(secret).slice(1, -1)];
}
