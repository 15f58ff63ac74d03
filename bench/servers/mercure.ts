import { join } from "node:path";
import { SignJWT } from "jose";
import { GoProgram } from "./go-program.ts";
import { GoServer, type GoServerOptions } from "./go-server.ts";

/** At least 32 bytes, which HS256 wants. */
const KEY = "a-key-for-publishers-of-the-bench";
const HUB = "/.well-known/mercure";

/** A Mercure hub that keeps nothing, and one that keeps its history in Bolt, on disk. */
export async function createMercure(): Promise<GoServer[]> {
	const token = await new SignJWT({ mercure: { publish: ["*"] } })
		.setProtectedHeader({ alg: "HS256" })
		.sign(new TextEncoder().encode(KEY));
	const program = GoProgram.own("mercure");
	const endpoint: GoServerOptions["endpoint"] = (port, channel) => ({
		port,
		channel,
		stream: { path: `${HUB}?topic=${channel}`, headers: {} },
		publish: { path: HUB, headers: { Authorization: `Bearer ${token}` }, form: "mercure" },
	});
	const memory = (port: number) => [`127.0.0.1:${port}`, KEY];
	const bolt = (port: number, folder: string) => [...memory(port), join(folder, "bolt.db")];
	return [
		new GoServer({ name: "mercure", program, endpoint, args: memory }),
		new GoServer({ name: "mercure bolt", program, endpoint, args: bolt }),
	];
}
