import { once } from "node:events";

/** Asks V8's inspector for the used size of the heap after a garbage collection. */
export async function heapBytes(inspectorUrl: string, serverUrl: string): Promise<number> {
	const [target] = (await (await fetch(`${inspectorUrl}/json`)).json()) as { webSocketDebuggerUrl: string }[];
	if (!target) throw new Error("The inspector lists no target.");
	const socket = new WebSocket(target.webSocketDebuggerUrl);
	await once(socket, "open");
	const ask = async (method: string) => {
		socket.send(JSON.stringify({ id: 1, method }));
		const [{ data }] = await once(socket, "message");
		return JSON.parse(data).result;
	};
	const collected = ask("HeapProfiler.collectGarbage");
	// The collection starts when JavaScript runs again, so a request is sent.
	await (await fetch(`${serverUrl}/health`)).body?.cancel();
	await collected;
	const { usedSize } = await ask("Runtime.getHeapUsage");
	socket.close();
	return usedSize;
}
