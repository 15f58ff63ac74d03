import { Uplink } from "../uplink/uplink.ts";
import { atEnd, endReasonOf, isAtEnd } from "../wire/at-end.ts";

/** What came of a channel: its uplink, its refusal, or 204 if its end is all that it could tell. */
type Opened = Uplink | Response;

/**
 * Opens the channels of a stream. The first one that opens holds the stream: its place is in the stream's id, which the
 * others are told. A channel that has nothing left to tell is opened nevertheless if another one has.
 *
 * @param open opens a channel. `unlessAtEnd`: it may answer 204.
 * @param unlessAtEnd whether no stream is wanted if all of them answer 204.
 * @returns the uplinks; or the refusal of a channel, or 204.
 * @throws what `open` has thrown.
 */
export async function openAll(
	channels: readonly string[],
	open: (channel: string, unlessAtEnd: boolean) => Promise<Opened>,
	unlessAtEnd: boolean,
): Promise<Uplink[] | Response> {
	const ends: Response[] = [];
	for (const channel of channels) {
		const first = await open(channel, unlessAtEnd);
		if (first instanceof Uplink) {
			return await allOf(channels.map((each) => (each === channel ? first : open(each, false))));
		}
		if (!isAtEnd(first)) return first;
		ends.push(first);
	}
	return atEnd(endReasonOf(...ends));
}

/** Waits for all channels. If one of them is not opened, those that are get closed. */
async function allOf(opening: readonly (Opened | Promise<Opened>)[]): Promise<Uplink[] | Response> {
	const outcomes = await Promise.allSettled(opening);
	const opened = outcomes.filter((each) => each.status === "fulfilled").map(({ value }) => value);
	const uplinks = opened.filter((each) => each instanceof Uplink);
	const refusal = opened.find((each) => each instanceof Response);
	const failure = outcomes.find((each) => each.status === "rejected");
	if (!refusal && !failure) return uplinks;
	for (const uplink of uplinks) uplink.close();
	if (refusal) return refusal;
	throw failure?.reason;
}
