import type { Audience } from "../../audience/audience.ts";
import type { Destination } from "../../wire/place.ts";
import type { KnownRelay } from "./known-relay.ts";
import { RecentCount } from "./recent-count.ts";
import type { Relays } from "./relays.ts";

/** More relays would cost the origin too much at each event. Beyond, the emptiest of them takes more streams. */
const MAX_RELAYS = 2000;
/** The largest part of a relay that one answer gives away. */
const MAX_SHARE = 1 / 20;

interface PlacingOptions {
	relays: Relays;
	audience: Audience;
	/** How many streams one object holds. */
	crowdSize: number;
}

/**
 * Chooses the places of new streams. In a rush each answer counts for many streams, so that the origin is not asked for
 * each of them: for twice as many as have come for each answer of late. So shares grow while they are used up.
 */
export class Placing {
	readonly #options: PlacingOptions;
	/** The streams that have come to relays. */
	readonly #came = new RecentCount();
	readonly #answers = new RecentCount();

	constructor(options: PlacingOptions) {
		this.#options = options;
	}

	/** Where the next streams are to be opened. */
	placeFor(near: DurableObjectLocationHint | undefined, now: number): Destination {
		const { audience, crowdSize } = this.#options;
		if (audience.size < crowdSize) return { share: 1 };
		const share = this.#shareAt(now);
		const relay = this.#withRoom(near, share, now) ?? this.#make(near, now);
		relay.expect(share, now);
		this.#answers.add(1, now);
		return { relay: relay.name, share };
	}

	/** Notes that streams have come to relays. */
	came(streams: number, now: number): void {
		this.#came.add(streams, now);
	}

	#shareAt(now: number): number {
		const wanted = (2 * this.#came.at(now)) / Math.max(1, this.#answers.at(now));
		return Math.max(1, Math.floor(Math.min(wanted, this.#options.crowdSize * MAX_SHARE)));
	}

	/** The fullest one with room, so that others can empty. */
	#withRoom(near: DurableObjectLocationHint | undefined, share: number, now: number): KnownRelay | undefined {
		const { relays, crowdSize } = this.#options;
		let fullest: KnownRelay | undefined;
		let most = -1;
		for (const relay of relays) {
			if (relay.region !== near) continue;
			const streams = relay.streamsSoon(now);
			if (streams + share > crowdSize || streams <= most) continue;
			fullest = relay;
			most = streams;
		}
		return fullest;
	}

	#make(near: DurableObjectLocationHint | undefined, now: number): KnownRelay {
		const { relays } = this.#options;
		const [emptiest] =
			relays.size < MAX_RELAYS ? [] : [...relays].sort((one, other) => one.streamsSoon(now) - other.streamsSoon(now));
		return emptiest ?? relays.make(near);
	}
}
