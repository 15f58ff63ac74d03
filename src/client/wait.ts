import { Timer } from "./timer.ts";

/** The events of a window that tell of the network. Other runtimes have none. */
interface Network {
	addEventListener?(type: "online", listener: () => void): void;
	removeEventListener?(type: "online", listener: () => void): void;
}

/** Waits for a time, but only until the browser is online again or the signal is aborted. */
export function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		const network = globalThis as unknown as Network;
		const timer = new Timer();
		const end = () => {
			timer.clear();
			network.removeEventListener?.("online", end);
			signal?.removeEventListener("abort", end);
			resolve();
		};
		timer.set(end, milliseconds);
		network.addEventListener?.("online", end);
		signal?.addEventListener("abort", end);
		if (signal?.aborted) end();
	});
}
