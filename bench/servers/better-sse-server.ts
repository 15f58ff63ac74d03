/** better-sse on Node's http server, as in its guide. The path is the channel. Each line of a POST is an event. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type Channel, createChannel, createSession } from "better-sse";

const channels = new Map<string | undefined, Channel>();
const server = createServer(async (request, response) => {
	const channel = channels.get(request.url) ?? createChannel();
	channels.set(request.url, channel);
	if (request.method === "GET") {
		channel.register(await createSession(request, response, { serializer: String }));
		return;
	}
	for (const line of (await text(request)).split("\n")) channel.broadcast(line);
	response.writeHead(204).end();
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.on("disconnect", () => process.exit());
