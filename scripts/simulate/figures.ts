/** What the simulation assumes. docs/scale.md says which of these are measured. Times are in milliseconds. */

/** Time of an object's thread. */
export const THREAD = {
	/** A request that is answered at once. */
	request: 0.22,
	/** What the opening of a stream takes beside the request. */
	opening: 0.28,
	/** A relay's report, and what each stream in it adds. */
	report: 0.2,
	reportedStream: 0.005,
	/** A relay joins; each stream that it holds is then counted anew. */
	join: 0.5,
	countedStream: 0.002,
	/** The origin sends what it has stored to one relay. */
	tieMessage: 0.035,
	/** An event for one stream, until it has left. */
	delivery: 0.048,
};

/** Between a client and its Worker, one way. */
export const TO_WORKER = 20;
/** Between a Worker and a relay near it, one way. */
export const TO_RELAY = 2.5;
/** Isolates of the Worker, in all regions together. */
export const ISOLATES = 2000;
/** An object that was killed starts again after this time. */
export const RESTART = 1000;
export const EVENT_INTERVAL = 1000;

/** The rules of placing, as in src/channel/origin, src/channel/relay and src/http/placing. */
export const RULES = {
	/** The largest part of a relay that an answer gives away, and how long the origin expects whoever it is for. */
	maxShare: 1 / 10,
	expected: 5000,
	/** How long an isolate remembers a relay. */
	remembered: 5000,
	/** How many questions of an isolate may be under way: at first, and at most. */
	questions: 2,
	maxQuestions: 64,
	/** For how many newcomers a question is at most. */
	maxWanted: 100,
	/** How long a question counts as under way, and how long the other newcomers wait at most. */
	unanswered: 5000,
	patience: 10_000,
	/** How often a newcomer is sent on. */
	maxMoves: 5,
	/** How long a full relay uses an answer. */
	place: 100,
	/** How many streams a relay's report has. */
	maxReported: 500,
};
