/** An event with its metadata, as in `envelope=1` streams and `GET /channels/{channel}/events`. */
export interface Envelope<Type extends string = string, Data = unknown> {
	/** The channel that the event was published to. */
	channel: string;
	/** The event's id in its channel, as the publish returned it. */
	id: string;
	type: Type;
	/** When the event was published, in Unix milliseconds. */
	at: number;
	data: Data;
}
