/** What Cloudflare counts of a channel: test/channel/cost.test.ts measures it, and docs/cost.md is computed from it. */

/** What Cloudflare counts of a channel's object. Setting an alarm is a row written, running it a request. */
export interface Cost {
	requests: number;
	/** Incoming WebSocket messages. */
	messages: number;
	rowsWritten: number;
	rowsRead: number;
}

export const COUNTED = {
	/** Where the log is full, like the three after it. */
	publish: { requests: 1, messages: 0, rowsWritten: 1, rowsRead: 4 },
	batchOfTen: { requests: 1, messages: 0, rowsWritten: 1, rowsRead: 4 },
	/** With an idempotency key, which costs another row when it is forgotten. */
	keyedPublish: { requests: 1, messages: 0, rowsWritten: 2, rowsRead: 4 },
	/** A message over a publisher's WebSocket, with one event. */
	message: { requests: 0, messages: 1, rowsWritten: 1, rowsRead: 4 },
	/** The opening of that WebSocket with a publish key; nobody listens. */
	publisher: { requests: 1, messages: 0, rowsWritten: 0, rowsRead: 0 },
	/** The first publish ever: it makes the tables. A stream is open. */
	firstPublish: { requests: 1, messages: 0, rowsWritten: 6, rowsRead: 5 },
	/** An answer of a model, live in a channel of its own, with two readers until its end; until the channel is freed. */
	answer: { requests: 4, messages: 0, rowsWritten: 11, rowsRead: 15 },
	/** Its events that are stored together. */
	answerGroup: { requests: 0, messages: 0, rowsWritten: 1, rowsRead: 1 },
	/** The opening of a stream of a channel that nothing was published to, where nobody is: it sets the alarm. */
	firstStream: { requests: 1, messages: 0, rowsWritten: 1, rowsRead: 1 },
	/** From its opening to the end of its credentials, of which it is warned; others are open all the while. */
	stream: { requests: 3, messages: 0, rowsWritten: 2, rowsRead: 1 },
	/** The same, of a stream without company: the channel writes down since when nobody is there. */
	loneStream: { requests: 3, messages: 0, rowsWritten: 5, rowsRead: 3 },
	/** Direct only: for all streams together. */
	heartbeat: { requests: 1, messages: 0, rowsWritten: 1, rowsRead: 0 },
	/** Hibernate only: what an object reads when it has slept, whatever the length of its log. */
	wake: { requests: 0, messages: 0, rowsWritten: 0, rowsRead: 6 },
	/** Hibernate only: a client has taken another 64 KiB. */
	taken: { requests: 0, messages: 1, rowsWritten: 0, rowsRead: 0 },
} satisfies Record<string, Cost>;

export const HEARTBEATS_IN_TEN_MINUTES = { 1: 30, 60: 25 };
export const TAKEN_BYTES = 65_536;
