/**
 * Prints the events of the channel `orders`, or of the channel that the argument names, until Ctrl-C.
 *
 *     npx node examples/node/subscribe.ts orders
 */
import { connect, TidingsError } from "tidings/client";

const { TIDINGS_URL = "http://localhost:8787", ISSUER_URL = "http://localhost:8788" } = process.env;

/** Logs in at the local identity provider, which issues a fresh token each time. */
async function logIn(): Promise<string> {
	const response = await fetch(`${ISSUER_URL}/login`, {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify({ username: "alice", password: "alice" }),
		signal: AbortSignal.timeout(5000),
	});
	if (!response.ok) throw new Error(`The identity provider answered with ${response.status}.`);
	const { accessToken } = (await response.json()) as { accessToken: string };
	return accessToken;
}

const connection = connect({
	url: TIDINGS_URL,
	channels: [process.argv[2] ?? "orders"],
	getToken: logIn,
	onState: ({ name }) => console.error(name),
	onGap: ({ channel, reason }) => console.error(`Events of ${channel} were missed: ${reason}.`),
});
process.on("SIGINT", () => connection.close());

try {
	for await (const { id, type, data } of connection) console.log(id, type, JSON.stringify(data));
} catch (error) {
	if (!(error instanceof TidingsError)) throw error;
	console.error(error.message);
	process.exitCode = 1;
}
