import { ask } from "./ask.ts";
import { readObject } from "./body.ts";
import { TidingsError } from "./tidings-error.ts";

interface PutOptions {
	headers: Record<string, string>;
	signal: AbortSignal;
}

/**
 * Sends a PUT request, and returns one number of the JSON object in the answer.
 *
 * @throws TidingsError when the service refuses, or the answer is not the service's own; what `fetch` throws.
 */
export async function putNumber(
	url: URL,
	name: string,
	{ headers, signal }: PutOptions,
	body?: object,
): Promise<number> {
	const json = body && { headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(body) };
	const response = await ask(url, [200], { method: "PUT", headers, ...json, signal });
	const { [name]: value } = await readObject(response);
	if (typeof value !== "number") throw TidingsError.of(response);
	return value;
}
