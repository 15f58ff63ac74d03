/** How long a client may leave its backlog untouched before it is a slow consumer. */
const STALL_MILLISECONDS = 5000;

/**
 * How far a subscriber lags behind its channel.
 *
 * - `live`: it gets events as they are published.
 * - `behind`: it takes no live events. It reads from the log as its client makes room.
 * - `draining`: its stream has ended, and its client may still read what was sent.
 */
export type Lag =
	| { state: "live" }
	| {
			state: "behind";
			/** When the client last took something, in Unix milliseconds. */
			since: number;
			/** The least that was unsent since then. */
			leastUnsentBytes: number;
	  }
	| {
			state: "draining";
			/** When what is left is dropped, in Unix milliseconds. */
			until: number;
	  };

/** What happens to a subscriber that may change its lag. */
export type LagEvent =
	/** Its backlog was full when there was something for it. */
	| { type: "clogged"; unsentBytes: number; now: number }
	/** Its backlog was looked at. */
	| { type: "seen"; unsentBytes: number; now: number }
	/** It was sent a piece of the log, and there is more. */
	| { type: "sent"; unsentBytes: number; now: number }
	/** It was sent everything that is in the log. */
	| { type: "caught_up" }
	/** Its stream was ended while much of it was unread. */
	| { type: "ended"; until: number };

export const LIVE: Lag = { state: "live" };

/** The lag after something has happened. A stream that has ended stays so. */
export function nextLag(lag: Lag, event: LagEvent): Lag {
	if (lag.state === "draining") return lag;
	switch (event.type) {
		case "clogged":
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

/** Whether a client has taken nothing for so long that it is a slow consumer. */
export function isStalled(lag: Lag, now: number): boolean {
	return lag.state === "behind" && now - lag.since >= STALL_MILLISECONDS;
}

function behind({ unsentBytes, now }: { unsentBytes: number; now: number }): Lag {
	return { state: "behind", since: now, leastUnsentBytes: unsentBytes };
}
