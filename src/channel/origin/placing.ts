import type { Audience } from "../../audience/audience.ts";
import type { Asking, Destination } from "../../wire/place.ts";
import type { KnownRelay } from "./known-relay.ts";
import type { Relays } from "./relays.ts";

/** More relays would cost the origin too much at each event. Beyond, the emptiest of them takes more streams. */
const MAX_RELAYS = 2000;
/** The largest part of a relay that one answer gives away. */
const MAX_SHARE = 1 / 10;

interface PlacingOptions {
	relays: Relays;
	audience: Audience;
	/** How many streams one object holds. */
	crowdSize: number;
}

/**
 * Chooses the places of new streams. An answer counts for as many as it was asked for, so that the origin is not asked for
 * each of them in a rush.
 */
export class Placing {
	readonly #options: PlacingOptions;

	constructor(options: PlacingOptions) {
		this.#options = options;
	}

	/** Where the next streams are to be opened. */
	placeFor({ near, wanted }: Asking, now: number): Destination {
		const { audience, crowdSize } = this.#options;
		if (audience.size < crowdSize) return { share: 1 };
		const share = Math.max(1, Math.floor(Math.min(wanted, crowdSize * MAX_SHARE)));
		const relay = this.#withRoom(near, share, now) ?? this.#make(near, now);
		relay.expect(share, now);
		return { relay: relay.name, share };
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
