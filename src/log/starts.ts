import { Problem } from "../errors.ts";
import type { EndReason } from "../wire/control.ts";
import { wants } from "../wire/filter.ts";
import type { LogGap, Start, Subscription } from "../wire/subscription.ts";
import type { Log } from "./log.ts";
import { findStart } from "./resume.ts";

/** Where streams start in a log. */
export class Starts {
	readonly #channel: string;
	readonly #log: Log;

	constructor(channel: string, log: Log) {
		this.#channel = channel;
		this.#log = log;
	}

	/**
	 * Finds the position where a stream starts.
	 *
	 * @throws Problem `gap` if events are missing and the subscriber could not be told.
	 */
	find(subscription: Subscription, now: number): Start {
		const start = this.#find(subscription, now);
		if (start.gap && subscription.gaps === "refused") throw gapRefused(this.#channel, start.gap);
		return start;
	}

	/**
	 * How the channel ended, if a stream would get nothing, and its client asks to be told so. The cursor is at the end then.
	 * A plain stream need not have the cursor, since it is not told: no event must be left for it.
	 */
	endFor(subscription: Subscription, now: number): EndReason | undefined {
		const { ended, head } = this.#log;
		if (ended === undefined || !subscription.unlessAtEnd) return undefined;
		const { resumed, position, gap } = this.#find(subscription, now);
		if (resumed && position >= head) return ended;
		if (gap || !isPlain(subscription)) return undefined;
		return this.#log.read(position, now).some((event) => wants(subscription, event)) ? undefined : ended;
	}

	#find(request: Subscription, now: number): Start {
		const log = this.#log;
		const { born, head } = log;
		const firstSince = (time: number) => log.firstSince(time, now);
		return findStart(request, { born, head, oldest: log.oldest(now), firstSince });
	}
}

/** A plain stream is not told of gaps, nor of anything else but events. */
function isPlain({ gaps }: Subscription): boolean {
	return gaps !== undefined;
}

function gapRefused(channel: string, { after, oldest, reason }: LogGap): Problem {
	const missing =
		reason === "trimmed"
			? `The channel ${channel} has forgotten events after your cursor ${after}.`
			: `Your cursor is not one of the channel ${channel}.`;
	const help =
		oldest === null
			? "The channel remembers no events: start live, without a cursor or with `gap=ignore`."
			: `The oldest event that the channel remembers is ${oldest}: start there, with \`rewind=all\` and no cursor, or with \`gap=ignore\`.`;
	return new Problem("gap", `${missing} ${help}`);
}
