/** Swagger UI shows an answer when it ends, and an event stream does not end. It is cut after this time. */
const STREAM_MILLISECONDS = 5000;

/** `fetch`, but of an event stream it returns only what comes within a few seconds. */
export async function readBriefly(url: string, init: RequestInit): Promise<Response> {
	const response = await fetch(url, init);
	const isStream = response.headers.get("Content-Type")?.startsWith("text/event-stream");
	if (!isStream || !response.body) return response;
	const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
	const timer = setTimeout(() => void reader.cancel(), STREAM_MILLISECONDS);
	let text = "";
	for (let piece = await reader.read(); !piece.done; piece = await reader.read()) text += piece.value;
	clearTimeout(timer);
	const { status, statusText, headers } = response;
	return new Response(text, { status, statusText, headers });
}
