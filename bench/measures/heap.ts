import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";

/** The inspector answers when JavaScript runs, so requests are sent until it does, for up to 10 seconds. */
const REQUEST_MILLISECONDS = 50;
const MAX_REQUESTS = 200;

/** Asks V8's inspector for the used size of the heap after a garbage collection. */
export async function heapBytes(inspectorUrl: string, serverUrl: string): Promise<number> {
	const [target] = (await (await fetch(`${inspectorUrl}/json`)).json()) as { webSocketDebuggerUrl: string }[];
	if (!target) throw new Error("The inspector lists no target.");
	const socket = new WebSocket(target.webSocketDebuggerUrl);
	await once(socket, "open");
	const ask = async (method: string) => {
		const answer = once(socket, "message");
		socket.send(JSON.stringify({ id: 1, method }));
		for (let requests = 0; requests < MAX_REQUESTS; requests += 1) {
			await (await fetch(`${serverUrl}/health`)).body?.cancel();
			const answered = await Promise.race([answer, wait(REQUEST_MILLISECONDS)]);
			if (answered) return JSON.parse(answered[0].data).result;
		}
		throw new Error(`The inspector did not answer ${method}.`);
	};
	await ask("HeapProfiler.collectGarbage");
	const { usedSize } = await ask("Runtime.getHeapUsage");
	socket.close();
	return usedSize;
}
