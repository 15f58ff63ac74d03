import { EventType, type ModelMessage, type StreamChunk } from "@tanstack/ai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { chatRoute } from "../../examples/tanstack/route.ts";
import { PUBLISH_KEY, type Service, startService } from "../e2e/support/servers.ts";

let service: Service;
let route: ReturnType<typeof chatRoute>;
/** What the model was asked. */
const asked: ModelMessage[][] = [];

beforeAll(async () => {
	service = await startService();
	Object.assign(process.env, { TIDINGS_URL: service.url, TIDINGS_KEY: PUBLISH_KEY });
	const example = await import("../../examples/tanstack/route.ts");
	route = example.chatRoute(answer);
});

afterAll(() => service.stop());

async function* answer(messages: ModelMessage[]): AsyncGenerator<StreamChunk> {
	asked.push(messages);
	yield { type: EventType.RUN_STARTED, threadId: "t", runId: "r", timestamp: 0 };
	for (const delta of ["a", "b", "c"])
		yield { type: EventType.TEXT_MESSAGE_CONTENT, messageId: "m", delta, timestamp: 0 };
	yield { type: EventType.RUN_FINISHED, threadId: "t", runId: "r", timestamp: 0 };
}

/** The frames of an answer, without the one by which TanStack AI says that it has begun. */
async function framesOf(response: Response): Promise<string[]> {
	const frames = (await response.text()).trim().split("\n\n");
	return frames.filter((frame) => !frame.includes("run.accepted"));
}

describe("the route of TanStack AI", () => {
	it("goes on where a client was, and joins from the start, without asking the model again", async () => {
		const url = "https://app.example.com/api/chat";
		const post = (headers: Record<string, string>) =>
			route.POST(new Request(url, { method: "POST", headers, body: JSON.stringify({ messages: [] }) }));
		const all = await framesOf(await post({ "X-Run-Id": "run-1" }));
		expect(all.map((frame) => /"delta":"(.)"/.exec(frame)?.[1])).toEqual([undefined, "a", "b", "c", undefined]);
		const [, id = ""] = /^id: (.*)$/m.exec(all[2] ?? "") ?? [];
		expect(await framesOf(await post({ "Last-Event-ID": id }))).toEqual(all.slice(3));
		expect(await framesOf(await route.GET(new Request(`${url}?runId=run-1&offset=-1`)))).toEqual(all);
		expect(asked).toEqual([[]]);
	});
});
