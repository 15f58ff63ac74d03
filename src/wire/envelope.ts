/** An event with all that tells of it, as `envelope=1` streams and `GET /channels/{channel}/events` have it. */
export interface Envelope<Type extends string = string, Data = unknown> {
	/** The channel that the event was published to. */
	channel: string;
	/** The event's id in its channel, as its publisher was told. */
	id: string;
	type: Type;
	/** When the event was published, in Unix milliseconds. */
	at: number;
	data: Data;
}
