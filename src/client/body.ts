/** More than any answer of the service has, but for a stream. */
const MAX_CHARACTERS = 65_536;

/** The text of a response's body, piece by piece as it arrives. Leaving the loop ends the body. */
export async function* readTexts(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
	const reader = body.getReader();
	// workerd would take away a byte order mark at the start of each piece, where it may be data.
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

/** The JSON object that a response holds. It has no fields where the response holds anything else, or too much. */
export async function readObject({ body }: Response): Promise<Record<string, unknown>> {
	if (!body) return {};
	let text = "";
	for await (const piece of readTexts(body)) {
		text += piece;
		if (text.length > MAX_CHARACTERS) return {};
	}
	return parseObject(text) ?? {};
}

/** The JSON object that a text is; `undefined` when it is anything else. */
export function parseObject(text: string): Record<string, unknown> | undefined {
	try {
		const value = JSON.parse(text) as Record<string, unknown> | null;
		return typeof value === "object" ? (value ?? undefined) : undefined;
	} catch {
		return undefined;
	}
}

/** Whether a response says that its body is of this media type, with whatever parameters. */
export function isOfType({ headers }: Response, type: string): boolean {
	const [given = ""] = (headers.get("Content-Type") ?? "").split(";");
	return given.trim().toLowerCase() === type;
}

/** Whether an object has texts in these fields. That the others are as they should be is believed. */
export function hasTexts<Told extends object>(object: object, ...names: (keyof Told & string)[]): object is Told {
	return names.every((name) => typeof (object as Record<string, unknown>)[name] === "string");
}
