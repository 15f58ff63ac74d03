import { exports } from "cloudflare:workers";
import { MessageReader } from "./message-reader.ts";

async function callService(request: Request): Promise<Response> {
	return await exports.default.fetch(request);
}

/** A WebSocket client of the service under test. */
export class SocketReader extends MessageReader {
	/** @param fetch calls another service than the one under test. */
	static async open(headers: HeadersInit = {}, fetch = callService, path = "/ws"): Promise<SocketReader> {
		const response = await fetch(
			new Request(`http://tidings.test${path}`, { headers: { Upgrade: "websocket", ...headers } }),
		);
		if (!response.webSocket) throw new Error(`${response.status} ${await response.text()}`);
		const reader = new SocketReader(response.webSocket);
		response.webSocket.accept();
		return reader;
	}
}

/** Opens a publisher's WebSocket, which must succeed. */
export function openPublisher(
	channel: string,
	credential: string,
	query = "",
	fetch = callService,
): Promise<SocketReader> {
	const headers = { Authorization: `Bearer ${credential}` };
	return SocketReader.open(headers, fetch, `/channels/${channel}/publish${query}`);
}
