/**
 * Publishes one event from Node: order 7, or the order that the argument names, was paid. Prints the event's id.
 *
 *     npx node examples/node/publish.ts 7
 */
import { createPublisher, TidingsError } from "tidings/publish";

const { TIDINGS_URL = "http://localhost:8787", TIDINGS_KEY = "local-publish-key-0123456789abcdef" } = process.env;
const order = Number(process.argv[2] ?? 7);

const publisher = createPublisher({ url: TIDINGS_URL, key: TIDINGS_KEY });
try {
	const { ids } = await publisher.publish(
		"orders",
		{ type: "order", data: { id: order, state: "paid" } },
		// The key names what happened, so that publishing it again within five minutes stores nothing.
		{ idempotencyKey: `order-${order}-paid`, signal: AbortSignal.timeout(10_000) },
	);
	console.log(ids[0]);
} catch (error) {
	if (!(error instanceof TidingsError)) throw error;
	console.error(error.message);
	process.exitCode = 1;
}
