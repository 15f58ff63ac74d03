/** What must stand in no text that is kept, such as the credentials of a request. */
export class Secrets {
	readonly #forms: readonly string[];

	constructor(secrets: readonly string[]) {
		this.#forms = secrets.flatMap(formsOf);
	}

	/** The text without them, wherever they stand in it. */
	redact(text: string): string {
		let left = text;
		for (const form of this.#forms) if (left.includes(form)) left = left.replaceAll(form, "[redacted]");
		return left;
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
