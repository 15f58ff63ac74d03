import type { z } from "zod";
import { Problem } from "./problem.ts";

/**
 * Parses a JSON body (RFC 8259) and checks it against a schema.
 *
 * @param example a valid body, for the error message.
 * @throws Problem `unsupported_media_type` for a compressed body, `invalid_request` for any other that is not valid.
 */
export async function readBody<Schema extends z.ZodType>(
	request: Request,
	schema: Schema,
	example: string,
): Promise<z.output<Schema>> {
	const encoding = request.headers.get("Content-Encoding") ?? "identity";
	if (encoding.toLowerCase() !== "identity") {
		throw new Problem(
			"unsupported_media_type",
			"Compressed bodies are not supported. Send the body without Content-Encoding.",
		);
	}
	const body = schema.safeParse(parse(await request.arrayBuffer()));
	if (body.success) return body.data;
	throw new Problem("invalid_request", `Send ${example} as JSON.`);
}

/** `undefined` if the bytes are not JSON in UTF-8. A byte order mark is ignored (RFC 8259, section 8.1). */
function parse(bytes: ArrayBuffer): unknown {
	try {
		return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
	} catch {
		return undefined;
	}
}
