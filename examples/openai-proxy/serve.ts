/**
 * Serves the proxy. Clients of OpenAI's API take it for the provider: `new OpenAI({ baseURL: "http://localhost:3004/v1" })`.
 *
 *     PROVIDER_KEY=… npx node examples/openai-proxy/serve.ts
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { proxy } from "./proxy.ts";

const { PORT = "3004" } = process.env;

// Hono runs on Node with `@hono/node-server`, or with these few lines: no answer of this backend is a stream.
const server = createServer(async (request, response) => {
	const { url = "/", method = "GET", headers } = request;
	const key = headers["idempotency-key"]?.toString();
	const body = await text(request);
	const answer = await proxy.request(url, {
		method,
		headers: { ...(key !== undefined && { "Idempotency-Key": key }) },
		...(body && { body }),
	});
	response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
});
server.listen(Number(PORT), "localhost", () => {
	console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
});
