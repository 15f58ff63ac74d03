const REDACTED = "[redacted]";
/** Only an attack sends more secrets than this. Searching for all of them would take too long. */
const MAX_FORMS = 64;

/** Removes secrets, such as the credentials of a request, from text that is logged. */
export class Redactor {
	readonly #forms: readonly string[];

	constructor(secrets: readonly string[]) {
		this.#forms = [...new Set(secrets.flatMap(formsOf))];
	}

	/** Returns the text with every secret replaced. With too many secrets to search for, all of the text is replaced. */
	redact(text: string): string {
		if (this.#forms.length > MAX_FORMS) return REDACTED;
		const found = this.#forms.filter((form) => text.includes(form));
		if (found.length === 0) return text;
		// In one pass, since a secret may occur in a replacement; longest first, since one may be the start of another.
		const longestFirst = found.sort((one, other) => other.length - one.length).map(RegExp.escape);
		return text.replace(new RegExp(longestFirst.join("|"), "g"), REDACTED);
	}
}

/** The forms in which a secret may occur in text: plain, percent-encoded and JSON-escaped. */
function formsOf(secret: string): string[] {
	if (secret === "") return [];
	if (/^[\w.~-]+$/.test(secret)) return [secret];
	const encoded = encodeURIComponent(secret.toWellFormed());
	const lowerCase = encoded.replace(/%../g, (octet) => octet.toLowerCase());
	return [secret, encoded, lowerCase, JSON.stringify(secret).slice(1, -1)];
}
