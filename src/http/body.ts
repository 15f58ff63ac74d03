import { Problem, type ProblemCode } from "../errors.ts";
import { type JsonText, MAX_DEPTH, outlineJson } from "../wire/json-text.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

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
 * Reads a body as text, without a leading byte order mark. Reads no more than the limit, with or without a
 * `Content-Length`.
 *
 * @param invalid the code of the problem for a body that is not UTF-8.
 * @throws Problem `payload_too_large`, or `unsupported_media_type` when the body is compressed.
 */
export async function readText(request: Request, maxBytes: number, invalid: ProblemCode): Promise<string> {
	checkCoding(request);
	const length = request.headers.get("Content-Length");
	if (Number(length) > maxBytes) throw tooLarge(maxBytes);
	// Reading the whole body at once costs a third of reading it in chunks.
	const bytes = length === null ? await readChunks(request, maxBytes) : await request.arrayBuffer();
	try {
		return decoder.decode(bytes);
	} catch (cause) {
		if (isGzip(bytes)) throw compressed("The body looks like gzip");
		throw new Problem(invalid, "The body is not UTF-8 text.", { cause });
	}
}

function checkCoding({ headers }: Request): void {
	const coding = headers.get("Content-Encoding")?.trim().toLowerCase() ?? "";
	if (coding !== "" && coding !== "identity") throw compressed("The body has a `Content-Encoding`");
}

/** Checks for the magic bytes of gzip (RFC 1952, section 2.3.1), which are not valid UTF-8. */
function isGzip(bytes: ArrayBuffer): boolean {
	const [first, second] = new Uint8Array(bytes);
	return first === 0x1f && second === 0x8b;
}

/** The `Accept-Encoding` tells the client which codings are accepted (RFC 9110, section 15.5.16). */
function compressed(problem: string): Problem {
	const detail = `${problem}. Send it uncompressed, without a \`Content-Encoding\`.`;
	return new Problem("unsupported_media_type", detail, { headers: { "Accept-Encoding": "identity" } });
}

async function readChunks(request: Request, maxBytes: number): Promise<ArrayBuffer> {
	const chunks: Uint8Array[] = [];
	let size = 0;
	for await (const chunk of request.body ?? []) {
		size += chunk.byteLength;
		if (size > maxBytes) throw tooLarge(maxBytes);
		chunks.push(chunk);
	}
	return await new Blob(chunks).arrayBuffer();
}

/**
 * Reads a JSON body that may be left out.
 *
 * @param fallback the value when there is no body.
 * @throws Problem `invalid_request`, `payload_too_large` or `unsupported_media_type`.
 */
export async function readOptionalJson(request: Request, maxBytes: number, fallback: unknown): Promise<unknown> {
	const text = await readText(request, maxBytes, "invalid_request");
	if (text === "") return fallback;
	if (mediaType(request) !== "application/json") {
		throw new Problem("unsupported_media_type", "Send the body as `Content-Type: application/json`.");
	}
	return parseJson(text, "invalid_request").value;
}

function tooLarge(maxBytes: number): Problem {
	return new Problem("payload_too_large", `The body is larger than ${maxBytes} bytes. Send a smaller one.`);
}

/** A parsed JSON body. */
interface JsonBody {
	value: unknown;
	/** The source text of the member `data`: of the body, or of each item when the body is an array. */
	data: (JsonText | undefined)[];
}

/**
 * Parses a JSON body.
 *
 * @param invalid the code of the problem for a body that is not JSON, or is nested too deeply.
 */
export function parseJson(text: string, invalid: ProblemCode): JsonBody {
	try {
		const { isTooDeep, data } = outlineJson(text);
		if (!isTooDeep) return { value: JSON.parse(text), data };
	} catch (cause) {
		const problem = text.trim() === "" ? "The body is empty." : "The body is not JSON.";
		throw new Problem(invalid, `${problem} Send a JSON object with \`Content-Type: application/json\`.`, { cause });
	}
	throw new Problem(
		invalid,
		`The body is nested deeper than ${MAX_DEPTH} levels. Flatten it, or send the data as a string.`,
	);
}
