import { describe, expect, it } from "vitest";
import { Acks } from "../../src/uplink/acks.ts";

/** A channel's WebSocket, which adds up what it is told of. */
function socketOf() {
	const socket = {
		bytes: 0,
		acknowledge: (bytes: number) => {
			socket.bytes += bytes;
		},
	};
	return socket;
}

describe("what a client has taken", () => {
	it("is acknowledged at once when nothing waits", () => {
		const orders = socketOf();
		new Acks(() => 0).wrote(orders, 100, 120);
		expect(orders.bytes).toBe(100);
	});

	it("is acknowledged to each channel once it has left, in the order in which it was written", async () => {
		let unsentBytes = 300;
		const acks = new Acks(() => unsentBytes);
		const [orders, chat] = [socketOf(), socketOf()];
		acks.wrote(orders, 100, 100);
		acks.wrote(chat, 200, 200);
		expect([orders.bytes, chat.bytes]).toEqual([0, 0]);
		unsentBytes = 200;
		await expect.poll(() => orders.bytes).toBe(100);
		expect(chat.bytes).toBe(0);
		unsentBytes = 0;
		await expect.poll(() => chat.bytes).toBe(200);
	});

	it("is not looked at any more once the client has left", async () => {
		let looks = 0;
		const acks = new Acks(() => {
			looks += 1;
			return 100;
		});
		acks.wrote(socketOf(), 100, 100);
		acks.stop();
		const before = looks;
		await scheduler.wait(120);
		expect(looks).toBe(before);
	});
});
