import { spreadRetry } from "../../src/wire/retry.ts";
import { Agenda } from "./agenda.ts";
import { EVENT_INTERVAL, ISOLATES, TO_WORKER } from "./figures.ts";
import { Isolate, type Newcomer } from "./isolate.ts";
import { Origin } from "./origin.ts";
import { randomFrom } from "./random.ts";
import { LOST, REGIONS } from "./regions.ts";
import type { Relay } from "./relay.ts";

const RETRY_MILLISECONDS = 2000;
const MINUTE = 60_000;

export interface Population {
	seed: number;
	subscribers: number;
	crowdSize: number;
}

interface Client {
	region: number;
	/** How long it waits before it reconnects. */
	pause: number;
	isOpen: boolean;
	/** Absent: its stream is at the origin. */
	relay: Relay | undefined;
	brokenAt: number;
}

/** The subscribers of one channel, all over the world, and the objects and Workers that serve them. */
export class Crowd {
	readonly agenda = new Agenda();
	readonly origin: Origin;
	readonly clients: Client[] = [];
	/** How long each stream that was opened had been broken. */
	readonly behind: number[] = [];
	/** How often full relays sent a stream on. */
	moves = 0;
	/** How often a client had to try again. */
	failures = 0;
	readonly #random: () => number;
	readonly #isolates: Isolate[][];

	constructor({ seed, subscribers, crowdSize }: Population) {
		this.#random = randomFrom(seed);
		const roundTrips = REGIONS.map(({ roundTrip }) => roundTrip);
		this.origin = new Origin(this.agenda, crowdSize, roundTrips, this.#random);
		this.#isolates = REGIONS.map(({ share, roundTrip }, region) =>
			Array.from(
				{ length: Math.ceil(share * ISOLATES) },
				() => new Isolate(this.agenda, this.origin, region, roundTrip),
			),
		);
		this.#fill(subscribers, crowdSize);
	}

	/** Each minute, a part of the subscribers lose their streams and come back; events are published. */
	live(minutes: number, returningPerMinute: number): void {
		const end = minutes * MINUTE;
		for (let time = 0; time < end; time += EVENT_INTERVAL) this.agenda.at(time, () => this.origin.publish());
		const returning = Math.round(minutes * returningPerMinute * this.clients.length);
		for (let index = 0; index < returning; index += 1) {
			this.agenda.at(this.#random() * end, () => {
				const client = this.clients[Math.floor(this.#random() * this.clients.length)];
				if (client === undefined || !client.isOpen) return;
				if (client.relay === undefined) this.origin.streams -= 1;
				else client.relay.leave();
				this.#break(client);
			});
		}
	}

	/** A region is lost, with its relays and its Workers. Its clients come back through another one. */
	loseRegion(): void {
		for (const relay of this.origin.lose(LOST.region)) relay.restart();
		for (const client of this.clients) {
			if (client.region !== LOST.region) continue;
			client.region = LOST.reaches;
			if (client.isOpen) this.#break(client);
		}
	}

	/** The origin dies. The streams of the relays stay open. */
	restartOrigin(): void {
		this.origin.restart();
		for (const relay of this.origin.relays.flat()) relay.untie();
		for (const client of this.clients) if (client.isOpen && client.relay === undefined) this.#break(client);
	}

	/** All objects die, and all isolates are new. */
	restartAll(): void {
		this.origin.restart();
		for (const relay of this.origin.relays.flat()) relay.restart();
		for (const isolate of this.#isolates.flat()) isolate.restart();
		for (const client of this.clients) if (client.isOpen) this.#break(client);
	}

	#fill(subscribers: number, crowdSize: number): void {
		const filling: (Relay | undefined)[] = REGIONS.map(() => undefined);
		for (let index = 0; index < subscribers; index += 1) {
			const region = this.#regionOf(this.#random());
			let relay: Relay | undefined;
			if (this.origin.streams < crowdSize) this.origin.streams += 1;
			else {
				relay = filling[region];
				if (relay === undefined || relay.streams === crowdSize) relay = this.origin.make(region);
				relay.fill(relay.streams + 1);
				filling[region] = relay;
			}
			const pause = spreadRetry(RETRY_MILLISECONDS, this.#random());
			this.clients.push({ region, pause, isOpen: true, relay, brokenAt: 0 });
		}
		this.origin.made = 0;
	}

	#regionOf(random: number): number {
		let rest = random;
		const index = REGIONS.findIndex(({ share }) => {
			rest -= share;
			return rest < 0;
		});
		return Math.max(0, index);
	}

	#break(client: Client): void {
		client.isOpen = false;
		client.brokenAt = this.agenda.now;
		this.#comeBack(client);
	}

	#comeBack(client: Client): void {
		this.agenda.after(client.pause + TO_WORKER, () => {
			const isolates = this.#isolates[client.region] ?? [];
			const newcomer: Newcomer = {
				moves: 0,
				failed: () => {
					this.failures += 1;
					this.#comeBack(client);
				},
				opened: (relay, milliseconds) => {
					client.isOpen = true;
					client.relay = relay;
					this.moves += Math.max(0, newcomer.moves - 1);
					this.behind.push(this.agenda.now + milliseconds + TO_WORKER - client.brokenAt);
				},
			};
			isolates[Math.floor(this.#random() * isolates.length)]?.open(newcomer);
		});
	}
}
