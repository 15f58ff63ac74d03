/** No answer of the service is longer than this, except for streams. */
const MAX_CHARACTERS = 65_536;

/** Decodes a response's body piece by piece as it arrives. Leaving the loop cancels the body. */
export async function* readTexts(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
	const reader = body.getReader();
	// Without ignoreBOM, workerd strips a byte order mark from the start of every piece, where it may be data.
	const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
	let isStart = true;
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return;
			const text = decoder.decode(value, { stream: true });
			yield isStart ? text.replace(/^\ufeff/, "") : text;
			isStart &&= text === "";
		}
	} finally {
		await reader.cancel();
	}
}

/** Parses the JSON object in a response. It is empty if the response is something else, or too long. */
export async function readObject({ body }: Response): Promise<Record<string, unknown>> {
	if (!body) return {};
	let text = "";
	for await (const piece of readTexts(body)) {
		text += piece;
		if (text.length > MAX_CHARACTERS) return {};
	}
	return parseObject(text) ?? {};
}

/** Parses a JSON object; `undefined` if the text is something else. */
export function parseObject(text: string): Record<string, unknown> | undefined {
	try {
		const value = JSON.parse(text) as Record<string, unknown> | null;
		return typeof value === "object" ? (value ?? undefined) : undefined;
	} catch {
		return undefined;
	}
}

/** Whether a response has this media type, whatever its parameters. */
export function isOfType({ headers }: Response, type: string): boolean {
	const [given = ""] = (headers.get("Content-Type") ?? "").split(";");
	return given.trim().toLowerCase() === type;
}

/** Whether an object has texts in these fields. The other fields are not checked. */
export function hasTexts<Told extends object>(object: object, ...names: (keyof Told & string)[]): object is Told {
	return names.every((name) => typeof (object as Record<string, unknown>)[name] === "string");
}
