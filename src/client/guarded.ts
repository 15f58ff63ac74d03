/** Calls code of the user. What it throws does not end the connection, but is reported as an uncaught error. */
export function guarded(call: () => void): void {
	try {
		call();
	} catch (error) {
		queueMicrotask(() => {
			throw error;
		});
	}
}
