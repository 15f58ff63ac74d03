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
	tieMessage: 0.015,
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

/** As in src/http/placing: how long an isolate remembers where newcomers go, and how often one is sent on. */
export const REMEMBERED = 5000;
export const MAX_MOVES = 5;
/** As in src/channel/origin/relays.ts: the part of a relay's size that an answer counts as, and for how long. */
export const PLACEMENT_SHARE = 1 / 20;
export const EXPECTED = 5000;
/** As in src/channel/relay: for how long a full relay sends on to the same place, and how many streams a report has. */
export const PLACE = 100;
export const MAX_REPORTED = 500;
