import { Problem, type ProblemCode } from "../errors.ts";
import { type JsonText, MAX_DEPTH, outlineJson } from "../wire/json-text.ts";

/**
 * The media type of a body, in lower case and without its parameters; `undefined` when the request has none.
 *
 * @throws Problem `unsupported_media_type` when the body is compressed, or has another charset than UTF-8.
 */
export function mediaType(request: Request): string | undefined {
	checkCoding(request);
	const [type, ...parameters] = request.headers.get("Content-Type")?.toLowerCase().split(";") ?? [];
	const charset = parameters.map((each) => each.trim()).find((each) => each.startsWith("charset="));
	if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset)) {
		throw new Problem(
			"unsupported_media_type",
			"The body must be UTF-8. Encode it as UTF-8, and leave the charset out.",
		);
	}
	return type?.trim();
}

/**
 * The text of a body, without the byte order mark that it may begin with. Never more than a limit is read: also where no
 * `Content-Length` tells how much will come.
 *
 * @throws Problem `payload_too_large`; `unsupported_media_type` when it is compressed; `invalid` when the bytes are not UTF-8.
 */
export async function readText(request: Request, maxBytes: number, invalid: ProblemCode): Promise<string> {
	checkCoding(request);
	const length = request.headers.get("Content-Length");
	if (Number(length) > maxBytes) throw tooLarge(maxBytes);
	// A body whose length is known is read at once, which costs a third of reading it in pieces.
	const bytes = length === null ? await readPieces(request, maxBytes) : await request.arrayBuffer();
	try {
		return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
	} catch (cause) {
		if (isGzip(bytes)) throw encoded("The body looks like gzip");
		throw new Problem(invalid, "The body is not UTF-8 text.", { cause });
	}
}

function checkCoding({ headers }: Request): void {
	const coding = headers.get("Content-Encoding")?.trim().toLowerCase() ?? "";
	if (coding !== "" && coding !== "identity") throw encoded("The body has a `Content-Encoding`");
}

/** The first bytes that gzip has (RFC 1952, section 2.3.1), and no text in UTF-8. */
function isGzip(bytes: ArrayBuffer): boolean {
	const [first, second] = new Uint8Array(bytes);
	return first === 0x1f && second === 0x8b;
}

/** The answer says which codings would do (RFC 9110, section 15.5.16). */
function encoded(problem: string): Problem {
	const detail = `${problem}. No \`Content-Encoding\` is supported: send the body as it is, not compressed.`;
	return new Problem("unsupported_media_type", detail, { headers: { "Accept-Encoding": "identity" } });
}

async function readPieces(request: Request, maxBytes: number): Promise<ArrayBuffer> {
	const pieces: Uint8Array[] = [];
	let size = 0;
	for await (const piece of request.body ?? []) {
		size += piece.byteLength;
		if (size > maxBytes) throw tooLarge(maxBytes);
		pieces.push(piece);
	}
	return await new Blob(pieces).arrayBuffer();
}

/** What a request says as JSON, which may say nothing, and so have no body at all: then, the fallback. */
export async function readOptionalJson(request: Request, maxBytes: number, fallback: unknown): Promise<unknown> {
	const text = await readText(request, maxBytes, "invalid_request");
	if (text === "") return fallback;
	if (mediaType(request) !== "application/json") {
		throw new Problem("unsupported_media_type", "Send the body as `Content-Type: application/json`.");
	}
	return parseJson(text, "invalid_request").value;
}

function tooLarge(maxBytes: number): Problem {
	return new Problem("payload_too_large", `The body is larger than ${maxBytes} bytes. Send less at once.`);
}

/** A body that is JSON. */
interface JsonBody {
	value: unknown;
	/** The member `data` of the object that it is, as it was written; of each object, where it is a list of them. */
	data: (JsonText | undefined)[];
}

/** Parses a body that must be JSON. */
export function parseJson(text: string, invalid: ProblemCode): JsonBody {
	try {
		const { isTooDeep, data } = outlineJson(text);
		if (!isTooDeep) return { value: JSON.parse(text), data };
	} catch (cause) {
		const problem = text.trim() === "" ? "The body is empty." : "The body is not JSON.";
		throw new Problem(invalid, `${problem} Send a JSON object with \`Content-Type: application/json\`.`, { cause });
	}
	throw new Problem(invalid, `The body is nested deeper than ${MAX_DEPTH} levels. Flatten it, or send data as a text.`);
}
