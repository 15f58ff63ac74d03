import { bearer } from "./bearer.ts";
import { TidingsError } from "./tidings-error.ts";

/** What is used of a WebSocket. Those of browsers, Node, Deno, Bun, Workers and the package `ws` have it. */
export interface ClientSocket {
	send(text: string): void;
	close(code?: number): void;
	addEventListener(type: "open" | "error", listener: () => void): void;
	addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
	addEventListener(type: "close", listener: (event: { code: number; reason: string }) => void): void;
}

/** A class of WebSockets whose second argument may hold headers. */
export type SocketClass = new (url: string, options: { headers: Record<string, string> }) => ClientSocket;

/** Opens a WebSocket with a credential in its `Authorization`. */
export type Opener = (url: URL, key: string) => Promise<ClientSocket>;

/** What tells the runtimes apart. */
interface Runtime {
	WebSocket?: SocketClass;
	WebSocketPair?: unknown;
	process?: { versions?: { node?: string } };
}

const NOT_IN_BROWSERS =
	"A browser cannot send a key with a WebSocket. Publish with `publisher.publish()`, which sends requests.";
const NO_WEBSOCKET =
	'This runtime has no WebSocket. Use Node 22 or newer, or name a class that takes headers, such as that of the package `ws`: `publisher.channel("orders", { WebSocket })`.';

/**
 * Finds out how this runtime opens a WebSocket with a header, for which there is no standard.
 *
 * @param given the class to use. Default: the runtime's own.
 * @throws TypeError when it cannot.
 */
export function openerOf(
	given: SocketClass | undefined,
	{ WebSocket, WebSocketPair, process } = globalThis as unknown as Runtime,
): Opener {
	if (given) return (url, key) => connect(given, url, key);
	if (WebSocketPair) return upgrade;
	// Node, Deno and Bun all say which Node they are like.
	const takesHeaders = process?.versions?.node !== undefined;
	if (!takesHeaders && WebSocket) throw new TypeError(NOT_IN_BROWSERS);
	if (!WebSocket) throw new TypeError(NO_WEBSOCKET);
	return (url, key) => connect(WebSocket, url, key);
}

async function connect(SocketClass: SocketClass, url: URL, key: string): Promise<ClientSocket> {
	const address = new URL(url);
	address.protocol = url.protocol === "https:" ? "wss:" : "ws:";
	const socket = new SocketClass(address.href, { headers: bearer(key) });
	const isOpen = await new Promise<boolean>((resolve) => {
		socket.addEventListener("open", () => resolve(true));
		socket.addEventListener("error", () => resolve(false));
		socket.addEventListener("close", () => resolve(false));
	});
	if (isOpen) return socket;
	throw await refusal(url, key);
}

/**
 * A WebSocket does not say why it was not opened. A request without the upgrade is refused for the same reason, or, if
 * there is none, for the lack of the upgrade.
 */
async function refusal(url: URL, key: string): Promise<Error> {
	const response = await fetch(url, { headers: bearer(key), redirect: "manual" });
	const error = await TidingsError.from(response);
	return error.code === "invalid_request" ? new TypeError("The WebSocket could not be opened.") : error;
}

/** Workers cannot give a new WebSocket headers, but `fetch` opens one. */
async function upgrade(url: URL, key: string): Promise<ClientSocket> {
	const response = await fetch(url, { headers: { ...bearer(key), Upgrade: "websocket" }, redirect: "manual" });
	const { webSocket } = response as { webSocket?: (ClientSocket & { accept(): void }) | null };
	if (!webSocket) throw await TidingsError.from(response);
	webSocket.accept();
	return webSocket;
}
