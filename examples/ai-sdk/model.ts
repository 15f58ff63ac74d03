import { simulateReadableStream } from "ai";
import { MockLanguageModelV4 } from "ai/test";

const { WORD_MILLISECONDS = "150" } = process.env;
export const ANSWER =
	"This answer is written by a model that only pretends to think. It takes its time over every word, so that you can load the page again in the middle, open it in a second tab, or press the button that stops it.";

/** The AI SDK's own mock model: put yours in its place. */
export const model = new MockLanguageModelV4({
	doStream: async () => {
		console.log("The model was called.");
		return {
			stream: simulateReadableStream({
				chunkDelayInMs: Number(WORD_MILLISECONDS),
				chunks: [
					{ type: "text-start", id: "1" },
					...ANSWER.split(/(?<= )/).map((delta) => ({ type: "text-delta" as const, id: "1", delta })),
					{ type: "text-end", id: "1" },
					{
						type: "finish",
						finishReason: { unified: "stop", raw: undefined },
						usage: {
							inputTokens: { total: 3, noCache: 3, cacheRead: undefined, cacheWrite: undefined },
							outputTokens: { total: 40, text: 40, reasoning: undefined },
						},
					},
				],
			}),
		};
	},
});
