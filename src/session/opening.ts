import { Uplink } from "../uplink/uplink.ts";
import { atEnd, endReasonOf, isAtEnd } from "../wire/at-end.ts";

/** What came of a channel: its uplink, its refusal, or 204 if its end is all that it could tell. */
type Opened = Uplink | Response;

/**
 * Opens the channels of a stream. One that has nothing left to tell is opened nevertheless if another one has.
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
	const first = channels.map((channel) => open(channel, unlessAtEnd));
	const found = await Promise.allSettled(first);
	const ends = found.flatMap((each) =>
		each.status === "fulfilled" && each.value instanceof Response && isAtEnd(each.value) ? [each.value] : [],
	);
	if (ends.length === channels.length) return atEnd(endReasonOf(...ends));
	const outcomes = await Promise.allSettled(
		channels.map(async (channel, index) => {
			const opened = await first[index];
			return opened instanceof Response && isAtEnd(opened) ? await open(channel, false) : opened;
		}),
	);
	const opened = outcomes.filter((each) => each.status === "fulfilled").map(({ value }) => value);
	const uplinks = opened.filter((each) => each instanceof Uplink);
	const refusal = opened.find((each) => each instanceof Response);
	const failure = outcomes.find((each) => each.status === "rejected");
	if (!refusal && !failure) return uplinks;
	for (const uplink of uplinks) uplink.close();
	if (refusal) return refusal;
	throw failure?.reason;
}
