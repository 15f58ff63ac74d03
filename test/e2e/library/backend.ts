import type { EventInput, LiveReceipt, PipeOptions, PublishConditions, Receipt } from "../../../src/index.ts";

interface Env {
	TIDINGS: {
		publish(channel: string, events: EventInput | EventInput[], conditions?: PublishConditions): Promise<Receipt>;
		pipe(channel: string, stream: ReadableStream<Uint8Array>, options?: PipeOptions): Promise<LiveReceipt>;
		publishToUser(subject: string, events: EventInput | EventInput[]): Promise<Receipt>;
	};
}

/** Values that a request cannot hold, by name: they can be published from inside only. */
const VALUES: Record<string, () => unknown> = {
	Map: () => new Map([["a", 1]]),
	Set: () => new Set([1]),
	ArrayBuffer: () => new ArrayBuffer(8),
	Uint8Array: () => new Uint8Array(8),
	RegExp: () => /a/,
	Error: () => new Error("a"),
	Date: () => new Date(0),
	"invalid Date": () => new Date(Number.NaN),
	NaN: () => Number.NaN,
	Infinity: () => Number.POSITIVE_INFINITY,
	"-0": () => -0,
	bigint: () => 7n,
	undefined: () => undefined,
	hole: () => {
		const holed = [1];
		holed[2] = 3;
		return holed;
	},
	circle: () => {
		const circle: Record<string, unknown> = {};
		circle.itself = circle;
		return circle;
	},
	function: () => () => 1,
	Request: () => new Request("http://backend/"),
	Response: () => new Response("a"),
	Headers: () => new Headers(),
	ReadableStream: () => new Response("a").body,
	Blob: () => new Blob(["a"]),
};

/** A stream that brings these texts one after another, and then ends, or breaks off. */
function streamOf(texts: string[], breaksOff = false): ReadableStream<Uint8Array> {
	const waiting = [...texts];
	return new ReadableStream({
		type: "bytes",
		pull: async (controller) => {
			await new Promise((resolve) => setTimeout(resolve, 20));
			const text = waiting.shift();
			if (text !== undefined) controller.enqueue(new TextEncoder().encode(text));
			else if (breaksOff) controller.error(new Error("The model is away."));
			else controller.close();
		},
	});
}

/** Publishes what it is sent: to a channel, piece by piece or not, or to a user. */
export default {
	async fetch(request: Request, env: Env): Promise<Response> {
		const { channel, user, value, pieces, breaksOff, idempotencyKey, conditions, ...sent } = (await request.json()) as {
			channel?: string;
			user?: string;
			/** The name of a value to publish within others, in the place of `events`. */
			value?: string;
			events: EventInput[];
			/** What a stream brings, in the place of `events`. */
			pieces?: string[];
			breaksOff?: boolean;
			idempotencyKey?: string;
			conditions?: PublishConditions;
		};
		try {
			if (pieces)
				return Response.json(
					await env.TIDINGS.pipe(channel ?? "", streamOf(pieces, breaksOff), {
						end: true,
						lease: 1,
						...(idempotencyKey && { idempotencyKey }),
					}),
				);
			const events = value === undefined ? sent.events : [{ data: { list: [VALUES[value]?.()] } }];
			const receipt =
				user === undefined
					? await env.TIDINGS.publish(channel ?? "", events, conditions)
					: await env.TIDINGS.publishToUser(user, events);
			return Response.json(receipt, { status: 201 });
		} catch (error) {
			return Response.json({ message: (error as Error).message }, { status: 500 });
		}
	},
};
