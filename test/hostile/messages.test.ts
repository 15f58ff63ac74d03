import { beforeAll, expect, it } from "vitest";
import { TestIssuer } from "../support/issuer.ts";
import { fc, nastyJson, nastyText } from "../support/property.ts";
import { freshChannel } from "../support/service.ts";
import { SocketReader } from "../support/socket.ts";

let alice: string;

beforeAll(async () => {
	alice = await (await TestIssuer.start()).token();
});

const CLOSE_CODES = [4400, 4401, 4403];

/** What may be valid, and at times anything at all. */
function mostly<Value>(valid: fc.Arbitrary<Value>) {
	return fc.oneof({ weight: 6, arbitrary: valid }, { weight: 1, arbitrary: nastyJson });
}

/** What a client may send that has gone mad, or means ill. */
const anything = fc.oneof(
	nastyText,
	nastyJson.map((value) => JSON.stringify(value)),
	fc
		.record({ type: fc.constantFrom("auth", "ping", "event", "connected"), token: nastyText })
		.map((value) => JSON.stringify(value)),
	fc
		.record(
			{
				channels: mostly(fc.subarray(["chat:1", "chat:2", "orders"], { minLength: 1 })),
				types: mostly(fc.subarray(["message", "order", "é"])),
				cursor: mostly(nastyText),
				rewind: mostly(fc.integer({ min: 1 })),
				since: mostly(fc.nat()),
				presence: mostly(fc.boolean()),
				inbox: mostly(fc.boolean()),
			},
			{ requiredKeys: [] },
		)
		.map((fields) => ({ fields })),
);

/** A WebSocket of the Worker, and one of a channel that has told `connected` already. */
const places = {
	"the Worker": () => SocketReader.open(),
	"a channel": async () => {
		const socket = await SocketReader.open({}, undefined, `/ws?channel=${freshChannel()}&token=${alice}`);
		await socket.next();
		return socket;
	},
};

it.each(["the Worker", "a channel"] as const)(
	"any first message to %s over a WebSocket is answered, or refused with one of our errors, and never fails",
	async (place) => {
		const answers = new Set<string>();
		await fc.assert(
			fc.asyncProperty(anything, async (message) => {
				const socket = await places[place]();
				const isText = typeof message === "string";
				socket.send(
					isText
						? message.toWellFormed()
						: { type: "auth", token: alice, channels: [freshChannel()], ...message.fields },
				);
				const answer = (await socket.next()) as { type: string; code?: string };
				answers.add(answer.type);
				if (answer.type === "error") {
					expect(answer.code).not.toBe("internal_error");
					expect(CLOSE_CODES).toContain(await socket.closed());
				} else {
					expect(["connected", "pong"]).toContain(answer.type);
					socket.close();
				}
			}),
			{ numRuns: 300 },
		);
		expect(answers).toContain("error");
		expect(answers).toContain("connected");
	},
);
