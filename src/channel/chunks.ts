import type { StoredEvent } from "../sse/event.ts";
import { envelopeFrame, eventFrame } from "../sse/frame.ts";
import type { Stream } from "./stream.ts";

const encoder = new TextEncoder();

/**
 * Encodes events that leave together. Streams that get the same events in the same form get the same bytes: they are
 * encoded once, however many streams there are.
 *
 * @returns the chunk for a stream; `undefined` where none of the events is for it.
 */
export function chunksOf(events: readonly StoredEvent[], channel: string): (stream: Stream) => Uint8Array | undefined {
	const areAddressed = events.some(({ to }) => to !== undefined);
	const chunks = new Map<string, Uint8Array>();
	return (stream) => {
		const wanted = areAddressed || stream.isSelective ? events.filter((event) => stream.wants(event)) : events;
		if (wanted.length === 0) return undefined;
		const { envelope } = stream.subscription;
		const form = envelope ? "envelope" : "plain";
		const key = wanted === events ? form : `${form} ${wanted.map(({ offset }) => offset).join(" ")}`;
		const known = chunks.get(key);
		if (known) return known;
		const frames = wanted.map((event) => (envelope ? envelopeFrame(event, channel) : eventFrame(event)));
		const chunk = encoder.encode(frames.join(""));
		chunks.set(key, chunk);
		return chunk;
	};
}
