import type { Agenda } from "./agenda.ts";
import { RESTART, RULES, THREAD } from "./figures.ts";
import { type Destination, type OriginOfRelays, Relay } from "./relay.ts";
import { Thread } from "./thread.ts";

/** A Worker whose client opens a stream at the origin. */
export interface Asker {
	movedTo: (destination: Destination) => void;
	/** The origin has opened the stream itself. */
	opened: () => void;
	/** The origin has died meanwhile. */
	lost: () => void;
}

/** The object that has the log. It takes the first streams itself, and sends later ones to relays. */
export class Origin implements OriginOfRelays {
	readonly thread: Thread;
	/** By region. */
	readonly relays: Relay[][];
	/** How many relays there are, and how many were made. */
	size = 0;
	made = 0;
	/** The streams that it holds itself. */
	streams = 0;
	isDown = false;
	/** Changes when it dies. */
	#life = 0;
	readonly #agenda: Agenda;
	readonly #crowdSize: number;
	readonly #roundTrips: number[];
	readonly #random: () => number;

	constructor(agenda: Agenda, crowdSize: number, roundTrips: number[], random: () => number) {
		this.#agenda = agenda;
		this.#crowdSize = crowdSize;
		this.#roundTrips = roundTrips;
		this.#random = random;
		this.thread = new Thread(agenda);
		this.relays = roundTrips.map(() => []);
	}

	/** A Worker wants to open a stream here. So many newcomers wait for the answer, with the one who asks. */
	ask(region: number, wanted: number, asker: Asker): void {
		this.#agenda.at(this.thread.request(THREAD.request), () => {
			const life = this.#life;
			if (this.streams >= this.#crowdSize) {
				asker.movedTo(this.#place(region, wanted));
				return;
			}
			this.streams += 1;
			this.#agenda.at(this.thread.work(THREAD.opening), () => {
				if (life === this.#life) asker.opened();
				else asker.lost();
			});
		});
	}

	askFor(region: number, wanted: number, answer: (destination: Destination) => void): void {
		this.#agenda.at(this.thread.request(THREAD.report), () => {
			if (this.streams < this.#crowdSize) answer({ relay: undefined, share: 1 });
			else answer(this.#place(region, wanted));
		});
	}

	make(region: number): Relay {
		this.made += 1;
		this.size += 1;
		const relay = new Relay(this.#agenda, this, this.#crowdSize, region, this.#roundTrips[region] ?? 0, this.#random);
		this.relays[region]?.push(relay);
		return relay;
	}

	/** It dies with the streams that it holds, and starts again. Requests wait for that; relays that join are refused. */
	restart(): void {
		this.#life += 1;
		this.streams = 0;
		this.isDown = true;
		this.thread.work(RESTART);
		this.#agenda.after(RESTART, () => {
			this.isDown = false;
		});
	}

	/** The relays of a region are gone. */
	lose(region: number): Relay[] {
		const lost = this.relays[region]?.splice(0) ?? [];
		this.size -= lost.length;
		return lost;
	}

	/** A new event is sent to every relay. */
	publish(): void {
		let ties = 0;
		for (const relays of this.relays) {
			for (const relay of relays) {
				if (!relay.isTied) continue;
				ties += 1;
				relay.deliver();
			}
		}
		this.thread.work(ties * THREAD.tieMessage);
	}

	/** The fullest relay near the caller that has room for all whom an answer may bring, or a new one. */
	#place(region: number, wanted: number): Destination {
		const { now } = this.#agenda;
		const share = Math.max(1, Math.min(wanted, Math.floor(this.#crowdSize * RULES.maxShare)));
		let fullest: Relay | undefined;
		let most = -1;
		for (const relay of this.relays[region] ?? []) {
			const soon = relay.counted + relay.expectedAt(now, RULES.expected);
			if (soon + share > this.#crowdSize || soon <= most) continue;
			fullest = relay;
			most = soon;
		}
		const relay = fullest ?? this.make(region);
		relay.expect(share, now, RULES.expected);
		return { relay, share };
	}
}
