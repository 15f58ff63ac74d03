/** Waits for a value until the signal is aborted, and then rejects with its reason. */
export function unlessAborted<Value>(value: Value | Promise<Value>, signal: AbortSignal): Promise<Value> {
	return new Promise((resolve, reject) => {
		const abort = () => reject(signal.reason);
		signal.addEventListener("abort", abort);
		void Promise.resolve(value)
			.then(resolve, reject)
			.finally(() => signal.removeEventListener("abort", abort));
	});
}
