/** How long a client may read nothing of its backlog before it is a slow consumer. */
const STALL_MILLISECONDS = 5000;

/**
 * How far a subscriber lags behind its channel.
 *
 * - `live`: it gets events as they are published.
 * - `behind`: it gets no live events, and catches up from the log as its client reads.
 * - `draining`: its stream has ended, and its client may still read what was sent.
 */
export type Lag =
	| { state: "live" }
	| {
			state: "behind";
			/** When the client last read something, in Unix milliseconds. */
			since: number;
			/** The smallest backlog since then. */
			leastUnsentBytes: number;
	  }
	| {
			state: "draining";
			/** When the rest is dropped, in Unix milliseconds. */
			until: number;
	  };

/** What happens to a subscriber that may change its lag. */
export type LagEvent =
	/** Its backlog was full when there was something to send. */
	| { type: "backlog_full"; unsentBytes: number; now: number }
	/** Its backlog was checked. */
	| { type: "seen"; unsentBytes: number; now: number }
	/** It was sent a piece of the log, and there is more. */
	| { type: "sent"; unsentBytes: number; now: number }
	/** It was sent everything that is in the log. */
	| { type: "caught_up" }
	/** Its stream has ended while much of it was unread. */
	| { type: "ended"; until: number };

export const LIVE: Lag = { state: "live" };

/** Returns the next state. `draining` is final. */
export function nextLag(lag: Lag, event: LagEvent): Lag {
	if (lag.state === "draining") return lag;
	switch (event.type) {
		case "backlog_full":
			return lag.state === "behind" ? lag : behind(event);
		case "seen":
			return lag.state === "behind" && event.unsentBytes < lag.leastUnsentBytes ? behind(event) : lag;
		case "sent":
			return behind(event);
		case "caught_up":
			return LIVE;
		case "ended":
			return { state: "draining", until: event.until };
	}
}

/** Whether the client is a slow consumer: it has read nothing for 5 seconds. */
export function isStalled(lag: Lag, now: number): boolean {
	return lag.state === "behind" && now - lag.since >= STALL_MILLISECONDS;
}

function behind({ unsentBytes, now }: { unsentBytes: number; now: number }): Lag {
	return { state: "behind", since: now, leastUnsentBytes: unsentBytes };
}
