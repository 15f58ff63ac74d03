import type { Audience } from "../../audience/audience.ts";
import { type Place, regionOf } from "../../wire/place.ts";
import type { KnownRelay } from "./known-relay.ts";
import type { Relays } from "./relays.ts";

/** More relays would cost the origin too much at each event. Beyond, the emptiest of them takes more streams. */
const MAX_RELAYS = 2000;
/** Whoever is sent on sends others on to the same place, for about this part of a second. */
const PLACEMENT_SECONDS = 0.1;
/** The largest share of a relay that one answer gives away. */
const MAX_SHARE = 1 / 20;

interface PlacingOptions {
	relays: Relays;
	audience: Audience;
	/** How many streams one object holds. */
	crowdSize: number;
}

/** Chooses the places of new streams. */
export class Placing {
	readonly #options: PlacingOptions;
	/** How many streams have come to relays during the last second, the older ones counting less. */
	#recent = { streams: 0, at: 0 };

	constructor(options: PlacingOptions) {
		this.#options = options;
	}

	/** Where the next stream is to be opened. */
	placeFor(near: DurableObjectLocationHint | undefined, now: number): Pick<Place, "relay"> {
		const { audience, crowdSize } = this.#options;
		if (audience.size < crowdSize) return {};
		const relay = this.#withRoom(near, now) ?? this.#make(near, now);
		const share = Math.min(this.#recentAt(now) * PLACEMENT_SECONDS, crowdSize * MAX_SHARE);
		relay.expect(Math.max(1, Math.floor(share)), now);
		return { relay: relay.name };
	}

	/** Notes that streams have come to relays. */
	came(streams: number, now: number): void {
		this.#recent = { streams: this.#recentAt(now) + streams, at: now };
	}

	#recentAt(now: number): number {
		const { streams, at } = this.#recent;
		return streams * Math.exp((at - now) / 1000);
	}

	/** The fullest one with room, so that others can empty. */
	#withRoom(near: DurableObjectLocationHint | undefined, now: number): KnownRelay | undefined {
		const { relays, crowdSize } = this.#options;
		const nearby = [...relays].filter(({ name }) => regionOf(name) === near);
		const free = nearby.filter((relay) => relay.streamsSoon(now) < crowdSize);
		return free.sort((one, other) => other.streamsSoon(now) - one.streamsSoon(now))[0];
	}

	#make(near: DurableObjectLocationHint | undefined, now: number): KnownRelay {
		const { relays } = this.#options;
		const [emptiest] =
			relays.size < MAX_RELAYS ? [] : [...relays].sort((one, other) => one.streamsSoon(now) - other.streamsSoon(now));
		return emptiest ?? relays.make(near);
	}
}
