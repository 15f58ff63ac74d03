import { pauseBefore } from "../../src/uplink/pauses.ts";
import type { Agenda } from "./agenda.ts";
import { RULES, THREAD } from "./figures.ts";
import { Thread } from "./thread.ts";

/** Where newcomers go. */
export interface Destination {
	/** Absent: to the origin. */
	relay: Relay | undefined;
	/** How many of them. */
	share: number;
}

/** The origin, as its relays know it. */
export interface OriginOfRelays {
	readonly thread: Thread;
	readonly isDown: boolean;
	/** A full relay asks where it is to send so many newcomers on to. */
	askFor(region: number, wanted: number, answer: (destination: Destination) => void): void;
}

/** A stream that is being opened. */
export interface Entrant {
	opened: () => void;
	/** Another relay is to open it. Absent: the origin. */
	movedTo: (relay: Relay | undefined) => void;
	/** The relay has died meanwhile. */
	lost: () => void;
}

/** An object that holds streams, and follows the origin over a tie. */
export class Relay {
	readonly thread: Thread;
	readonly region: number;
	/** The streams that are open, and those that are being opened. */
	streams = 0;
	/** The streams that the origin knows of. */
	counted = 0;
	isTied = false;
	/** The longest time for which the tie was broken while streams were open. */
	longestUntied = 0;
	readonly #agenda: Agenda;
	readonly #origin: OriginOfRelays;
	readonly #crowdSize: number;
	readonly #roundTrip: number;
	readonly #random: () => number;
	/** The streams that the origin expects here, since a time. */
	#expected = { streams: 0, at: 0 };
	/** The streams that a later report asks for, and those that the report under way asks for. */
	#waiting: Entrant[] = [];
	#asked: Entrant[] = [];
	#left = 0;
	#isReporting = false;
	#isJoining = false;
	#untiedAt = 0;
	/** Who waits to hear where the next newcomers go, and where that is. */
	#movedOn: Entrant[] = [];
	#next: (Destination & { until: number }) | undefined;
	#isAsking = false;
	/** Changes when the relay or its tie dies: answers from before are not for it. */
	#life = 0;

	constructor(
		agenda: Agenda,
		origin: OriginOfRelays,
		crowdSize: number,
		region: number,
		roundTrip: number,
		random: () => number,
	) {
		this.#agenda = agenda;
		this.#origin = origin;
		this.#crowdSize = crowdSize;
		this.region = region;
		this.#roundTrip = roundTrip;
		this.#random = random;
		this.thread = new Thread(agenda);
	}

	expectedAt(now: number, milliseconds: number): number {
		return now - this.#expected.at < milliseconds ? this.#expected.streams : 0;
	}

	expect(streams: number, now: number, milliseconds: number): void {
		const { streams: before, at } = this.#expected;
		this.#expected = now - at < milliseconds ? { streams: before + streams, at } : { streams, at: now };
	}

	/** It starts with streams that have been open for long. */
	fill(streams: number): void {
		this.streams = streams;
		this.counted = streams;
		this.isTied = true;
	}

	/** A new stream. It is moved on if there is no room. */
	open(entrant: Entrant): void {
		this.#agenda.at(this.thread.request(THREAD.request), () => {
			if (this.streams >= this.#crowdSize) this.#moveOn(entrant);
			else this.#admit(entrant);
		});
	}

	/** A stream has ended. */
	leave(): void {
		this.streams -= 1;
		this.#left += 1;
		this.#report();
	}

	/** An event for everybody. */
	deliver(): void {
		this.thread.work(this.streams * THREAD.delivery);
	}

	/** It dies with its streams. It starts again when the next one comes. */
	restart(): void {
		const lost = [...this.#asked, ...this.#waiting, ...this.#movedOn];
		this.#endTie();
		this.#waiting = [];
		this.#movedOn = [];
		this.#next = undefined;
		this.streams = 0;
		this.counted = 0;
		this.#expected = { streams: 0, at: 0 };
		for (const entrant of lost) entrant.lost();
	}

	/** The tie breaks, but its streams stay open. */
	untie(): void {
		this.#endTie();
		this.#untiedAt = this.#agenda.now;
		this.#joinAfter(0);
	}

	#endTie(): void {
		this.#life += 1;
		this.isTied = false;
		this.#isJoining = false;
		this.#isReporting = false;
		this.#waiting.unshift(...this.#asked);
		this.#asked = [];
		this.#left = 0;
	}

	#admit(entrant: Entrant): void {
		this.streams += 1;
		this.#waiting.push(entrant);
		this.#report();
	}

	/** An answer of the origin serves as many as it counts as, for a while. One question is under way at a time. */
	#moveOn(entrant: Entrant): void {
		this.#movedOn.push(entrant);
		this.#moveAll();
	}

	#moveAll(): void {
		while (this.#movedOn.length > 0) {
			const next = this.#next;
			if (next === undefined || next.share === 0 || this.#agenda.now >= next.until) {
				this.#askNext();
				return;
			}
			next.share -= 1;
			const entrant = this.#movedOn.shift();
			if (entrant === undefined) return;
			if (next.relay === this) this.#admit(entrant);
			else entrant.movedTo(next.relay);
		}
	}

	#askNext(): void {
		if (this.#isAsking) return;
		this.#isAsking = true;
		const wanted = this.#movedOn.length;
		this.#agenda.after(this.#roundTrip / 2, () => {
			this.#origin.askFor(this.region, wanted, (destination) => {
				this.#agenda.after(this.#roundTrip / 2, () => {
					this.#isAsking = false;
					this.#next = { ...destination, until: this.#agenda.now + RULES.place };
					this.#moveAll();
				});
			});
		});
	}

	/** Tells the origin who wants to come and who has gone. One report is under way at a time. */
	#report(): void {
		if (!this.isTied) this.#join(0);
		else if (!this.#isReporting && this.#waiting.length + this.#left > 0) this.#sendReport();
	}

	#sendReport(): void {
		this.#isReporting = true;
		this.#asked = this.#waiting.splice(0, RULES.maxReported);
		const left = Math.min(this.#left, RULES.maxReported);
		this.#left -= left;
		const came = this.#asked.length;
		this.#ask(
			THREAD.report + (came + left) * THREAD.reportedStream,
			() => {
				this.counted += came - left;
				this.#expected.streams = Math.max(0, this.#expected.streams - came);
			},
			() => {
				this.#isReporting = false;
				for (const entrant of this.#asked) this.#admitted(entrant);
				this.#asked = [];
				this.#report();
			},
		);
	}

	#admitted(entrant: Entrant): void {
		const life = this.#life;
		this.#agenda.at(this.thread.work(THREAD.opening), () => {
			// A tie that breaks does not end streams; a relay that dies has none.
			if (life === this.#life || this.streams > 0) entrant.opened();
			else entrant.lost();
		});
	}

	#join(attempt: number): void {
		if (this.#isJoining) return;
		this.#isJoining = true;
		const life = this.#life;
		if (this.#origin.isDown) {
			this.#agenda.after(this.#roundTrip, () => {
				if (life !== this.#life) return;
				this.#isJoining = false;
				this.#joinAfter(attempt + 1);
			});
			return;
		}
		const held = this.streams - this.#waiting.length;
		this.#ask(
			THREAD.join + held * THREAD.countedStream,
			() => {
				this.counted = held;
			},
			() => {
				this.#isJoining = false;
				this.isTied = true;
				if (held > 0) this.longestUntied = Math.max(this.longestUntied, this.#agenda.now - this.#untiedAt);
				this.#report();
			},
		);
	}

	#joinAfter(attempt: number): void {
		const life = this.#life;
		this.#agenda.after(pauseBefore(attempt, this.#random()), () => {
			if (life === this.#life) this.#join(attempt);
		});
	}

	/** A request to the origin: what happens there, and then here. */
	#ask(milliseconds: number, there: () => void, here: () => void): void {
		const life = this.#life;
		this.#agenda.after(this.#roundTrip / 2, () => {
			this.#agenda.at(this.#origin.thread.request(milliseconds), () => {
				if (life !== this.#life) return;
				there();
				this.#agenda.after(this.#roundTrip / 2, () => {
					if (life === this.#life) here();
				});
			});
		});
	}
}
