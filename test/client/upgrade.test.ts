import { describe, expect, it } from "vitest";
import { openerOf } from "../../src/client/upgrade.ts";

class Socket {
	addEventListener(): void {}
	send(): void {}
	close(): void {}
}

const NODE_20 = { process: { versions: { node: "20.0.0" } } };

describe("a WebSocket that is opened with a key", () => {
	it("is a TypeError in a browser, which says to publish with requests", () => {
		const open = () => openerOf(undefined, { WebSocket: Socket });
		expect(open).toThrow(TypeError);
		expect(open).toThrow("A browser cannot send a key with a WebSocket.");
	});

	it("is a TypeError where there is none, as in Node 20, which says what to do", () => {
		const open = () => openerOf(undefined, NODE_20);
		expect(open).toThrow(TypeError);
		expect(open).toThrow("Use Node 22 or newer");
	});

	it("is of the class that is given, where the runtime has none", () => {
		expect(() => openerOf(Socket, NODE_20)).not.toThrow();
	});

	it.each([
		["Node 22, Deno or Bun", { WebSocket: Socket, process: { versions: { node: "22.0.0" } } }],
		["a Worker", { WebSocket: Socket, WebSocketPair: class {} }],
	])("is there in %s", (_, runtime) => {
		expect(() => openerOf(undefined, runtime)).not.toThrow();
	});
});
