/** The server of Durable Streams, as in its guide. With a folder as its argument, it keeps its streams there. */
import { DurableStreamTestServer } from "@durable-streams/server";

const [, , dataDir] = process.argv;
const server = new DurableStreamTestServer({ port: 0, host: "127.0.0.1", ...(dataDir !== undefined && { dataDir }) });
const url = await server.start();
process.send?.(Number(new URL(url).port));
process.on("disconnect", () => process.exit());
