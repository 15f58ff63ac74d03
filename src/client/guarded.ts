/** What a subscriber or its storage throws must not end the connection: it is reported like any error nobody caught. */
export function guarded(call: () => void): void {
	try {
		call();
	} catch (error) {
		queueMicrotask(() => {
			throw error;
		});
	}
}
