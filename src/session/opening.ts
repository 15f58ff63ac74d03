import { Uplink } from "../uplink/uplink.ts";

/** What came of a channel: its uplink, its refusal, or 204 if its end is all that it could tell. */
type Opened = Uplink | Response;

const isAtEnd = (opened: Opened | undefined) => opened instanceof Response && opened.status === 204;

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
	const areAtEnd = found.every((each) => each.status === "fulfilled" && isAtEnd(each.value));
	const outcomes = await Promise.allSettled(
		channels.map(async (channel, index) => {
			const opened = await first[index];
			return opened === undefined || (isAtEnd(opened) && !areAtEnd) ? await open(channel, false) : opened;
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
