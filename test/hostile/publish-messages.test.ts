import { expect, it } from "vitest";
import { fc, nastyJson, nastyText } from "../support/property.ts";
import { freshChannel, PUBLISH_KEY } from "../support/service.ts";
import { openPublisher } from "../support/socket.ts";

/** What may be valid, and at times anything at all. */
function mostly<Value>(valid: fc.Arbitrary<Value>) {
	return fc.oneof({ weight: 6, arbitrary: valid }, { weight: 1, arbitrary: nastyJson });
}

const anything = fc.oneof(
	nastyText,
	nastyJson.map((value) => JSON.stringify(value)),
	fc
		.record(
			{
				ref: mostly(fc.integer()),
				events: mostly(fc.array(mostly(fc.record({ data: nastyJson })), { minLength: 1, maxLength: 3 })),
				idempotencyKey: mostly(fc.stringMatching(/^[\x21-\x7e]{1,20}$/)),
				ifHead: mostly(fc.constant("0")),
			},
			{ requiredKeys: ["ref", "events"] },
		)
		.map((message) => JSON.stringify(message)),
);

it("any message of a publisher is answered, or refused with one of our errors, and never fails", async () => {
	const channel = freshChannel();
	const outcomes = new Set<string>();
	await fc.assert(
		fc.asyncProperty(anything, async (message) => {
			const socket = await openPublisher(channel, PUBLISH_KEY);
			socket.send(message.toWellFormed());
			const answer = (await socket.next()) as { ref: number | null; code?: string; ids?: string[] };
			expect(answer.code).not.toBe("internal_error");
			outcomes.add(answer.ids ? "stored" : answer.ref === null ? "ended" : "refused");
			if (answer.ref === null) expect(await socket.closed()).toBe(4400);
			else socket.close();
		}),
		{ numRuns: 300 },
	);
	expect([...outcomes].sort()).toEqual(["ended", "refused", "stored"]);
});
