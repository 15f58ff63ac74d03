/** One frame of an event stream: the fields before an empty line. */
export interface Frame {
	id?: string;
	event?: string;
	data?: string;
	retry?: string;
}

/**
 * The frames of a response's body, in the lines that the service writes (WHATWG HTML, "Server-sent events"). A comment
 * between them is a frame without fields: it tells that the connection is alive.
 */
export async function* readFrames(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame> {
	const reader = body.getReader();
	const decoder = new TextDecoder();
	let rest = "";
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return;
			const frames = (rest + decoder.decode(value, { stream: true })).split(/\n\n|(?<=^|\n):\n/);
			rest = frames.pop() ?? "";
			for (const frame of frames) yield parseFrame(frame);
		}
	} finally {
		await reader.cancel();
	}
}

function parseFrame(text: string): Frame {
	const fields: Record<string, string> = {};
	for (const line of text.split("\n")) {
		const [, name, value = ""] = /^(\w+): ?(.*)$/s.exec(line) ?? [];
		if (name === undefined) continue;
		fields[name] = name === "data" && fields.data !== undefined ? `${fields.data}\n${value}` : value;
	}
	return fields;
}
