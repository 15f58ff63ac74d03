/** A stream has no end, and Swagger UI shows an answer when it ends: so long it is read. */
const SECONDS = 5;

/** `fetch`, but for streams of events: of these, it is what comes within a few seconds. */
export async function readBriefly(url: string, init: RequestInit): Promise<Response> {
	const response = await fetch(url, init);
	const isStream = response.headers.get("Content-Type")?.startsWith("text/event-stream");
	if (!isStream || !response.body) return response;
	const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
	const timer = setTimeout(() => void reader.cancel(), SECONDS * 1000);
	let text = "";
	for (let piece = await reader.read(); !piece.done; piece = await reader.read()) text += piece.value;
	clearTimeout(timer);
	const { status, statusText, headers } = response;
	return new Response(text, { status, statusText, headers });
}
