import { Headcount } from "../../audience/headcount.ts";
import { Presence } from "../../audience/presence.ts";
import { Disk } from "../../log/disk.ts";
import { IdempotencyKeys } from "../../log/idempotency.ts";
import { Log } from "../../log/log.ts";
import { Starts } from "../../log/starts.ts";
import { Writer } from "../../log/writer.ts";
import type { PublishOutcome, PublishRequest } from "../../wire/calls.ts";
import { envelopeJson, type StoredEvent } from "../../wire/event.ts";
import { requestedRelay } from "../../wire/link.ts";
import type { Offset } from "../../wire/offset.ts";
import type { Asking, Destination } from "../../wire/place.ts";
import type { Admission, LogPart, RelayReport } from "../../wire/relay.ts";
import { Alarm } from "../alarm.ts";
import { Idle } from "../idle.ts";
import { Limits } from "../limits.ts";
import type { Parts } from "../parts.ts";
import { Publishers } from "../publishers.ts";
import { Publishing } from "../publishing.ts";
import { Revocations } from "../revocations.ts";
import { Sockets } from "../sockets.ts";
import { Streams } from "../streams.ts";
import { Followers } from "./followers.ts";
import { OriginGate } from "./origin-gate.ts";
import { Placing } from "./placing.ts";
import { RelayNames } from "./relay-names.ts";
import { Relays } from "./relays.ts";
import { WholeChannel } from "./whole-channel.ts";

/** How much of the log a relay gets in one call, in characters of data. */
const PART_CHARACTERS = 262_144;

/** The origin of a channel: its log, its publishers, its first streams, and what it knows of its relays. */
export class Origin {
	readonly streams: Streams;
	readonly sockets: Sockets;
	/** What is asked of the whole channel. */
	readonly whole: WholeChannel;
	readonly #parts: Parts;
	readonly #log: Log;
	readonly #alarm: Alarm;
	readonly #publishers: Publishers;
	readonly #publishing: Publishing;
	readonly #idle: Idle;
	readonly #gate: OriginGate;
	readonly #relays: Relays;
	readonly #placing: Placing;
	readonly #followers: Followers;

	constructor(parts: Parts) {
		const { ctx, env, channel, rules, counts, logger } = parts;
		const { sql } = ctx.storage;
		const replayMilliseconds = rules.replaySeconds * 1000;
		const keys = new IdempotencyKeys(sql);
		const log = new Log(ctx.storage, { events: rules.replayEvents, milliseconds: replayMilliseconds });
		const disk = new Disk(ctx);
		const alarm = new Alarm(ctx, () => this.#publishers.nextDue);
		const revocations = new Revocations(sql);
		const headcount = new Headcount(new Presence());
		const starts = new Starts(channel, log);
		const gate = new OriginGate({
			channel,
			allowsAnonymous: rules.anonymous,
			log,
			starts,
			headcount,
			limits: new Limits({
				channel,
				limits: rules,
				headcount,
				probe: (stream) => this.#relays.probe(stream, Date.now()),
			}),
			revocations,
			returned: (stream) => this.#relays.return(stream),
			placeFor: (asking, now) => this.#placing.placeFor(asking, now),
		});
		const streams = new Streams({
			...parts,
			log,
			headcount,
			alarm,
			gate,
			rest: { begin: (now) => this.#idle.begin(now), end: () => this.#idle.end() },
		});
		const { audience, replay } = streams;
		const writer = new Writer({ channel, log, keys, disk });
		const publishing = new Publishing({ channel, writer, audience, gather: () => this.#publishers.sockets.gather() });
		const isSpread = () => this.#relays.size > 0;
		const idle = new Idle({ log, keys, revocations, audience, isSpread, publishing, alarm, disk, replayMilliseconds });
		const { maxEventBytes } = rules;
		const shared = { ctx, channel, env, log, keys, publishing, audience, counts, revocations, alarm, idle };
		const publishers = new Publishers({ ...shared, maxEventBytes });
		const relays = new Relays({
			channel,
			names: new RelayNames(sql),
			headcount,
			audience,
			recall: async (relay) => await parts.relayObject(relay).recall(),
			logger,
			emptied: () => void idle.begin(Date.now()),
		});
		this.streams = streams;
		this.sockets = new Sockets(ctx, { ...streams.sockets, publisher: publishers.sockets });
		this.whole = new WholeChannel({
			channel,
			rules,
			log,
			disk,
			counts,
			audience,
			revocations,
			publishers,
			idle,
			relays,
			relay: (name) => parts.relayObject(name),
			logger,
		});
		this.#parts = parts;
		this.#log = log;
		this.#alarm = alarm;
		this.#publishers = publishers;
		this.#publishing = publishing;
		this.#idle = idle;
		this.#gate = gate;
		this.#relays = relays;
		this.#placing = new Placing({ relays, audience, crowdSize: rules.crowdSize });
		this.#followers = new Followers({ log, starts, replay, audience, revocations, relays });
		streams.restore(log, Date.now(), (subscription) => gate.mayStay(subscription));
	}

	/** Opens a stream or a publisher's WebSocket, takes a live publish, or lets a relay follow. */
	async fetch(request: Request): Promise<Response> {
		const publisher = this.#publishers.open(request);
		if (publisher) return await publisher;
		const relay = requestedRelay(request);
		if (relay) return this.#followers.join(this.#relays.calling(relay.name, relay.life), relay.subscription);
		return await this.streams.open(request);
	}

	/** Stores events durably, starts their fan-out and returns their ids. */
	async publish(request: PublishRequest): Promise<PublishOutcome> {
		const startedAt = Date.now();
		const outcome = await this.#publishing.publish(request);
		if (!outcome.ok) return outcome;
		const now = Date.now();
		if (!outcome.replayed) this.#parts.counts.published(request.events.length, now - startedAt);
		await this.#idle.beginUnlessAlarmSet(now);
		return outcome;
	}

	/** Returns the retained events after a position, at most `limit` of them, as a JSON array. */
	eventsJson(after: number, limit: number): string {
		const events = this.#log.read(after, Date.now()).take(limit);
		return `[${[...events.map((event) => envelopeJson(event, this.#parts.channel))].join(",")}]`;
	}

	/** Where a relay that is full sends newcomers on to. */
	place(asking: Asking): Destination {
		return this.#placing.placeFor(asking, Date.now());
	}

	/** Takes a relay's report of the streams that have ended, and admits those that it is to open. */
	report({ relay: name, life, members, left, wanted }: RelayReport): Admission[] {
		const relay = this.#relays.calling(name, life);
		if (members) this.#relays.recount(relay, members);
		for (const stream of left) relay.remove(stream);
		const now = Date.now();
		const admissions = wanted.map((each) => this.#gate.admitTo(relay, each, now));
		this.#relays.announce();
		if (members || left.length > 0 || wanted.length > 0) this.streams.audience.tellPresence();
		return admissions;
	}

	/** Forgets a relay that holds no streams. */
	forget(name: string, life: string): void {
		const relay = this.#relays.calling(name, life);
		if (relay.streams === 0) this.#relays.forget(relay);
	}

	/** Reads the part of the log after a position, for a relay. */
	part(after: Offset): LogPart {
		const now = Date.now();
		const events: StoredEvent[] = [];
		let characters = 0;
		for (const event of this.#log.read(after, now)) {
			events.push(event);
			characters += event.data.length;
			if (characters >= PART_CHARACTERS) break;
		}
		return { events, oldest: this.#log.oldest(now) ?? this.#log.head + 1 };
	}

	/** Does the periodic work while a stream is open or draining. Otherwise frees the storage if its time has come. */
	async tend(now: number): Promise<void> {
		const { audience } = this.streams;
		this.#alarm.clear();
		await this.#publishers.tend(now);
		await audience.tend(now);
		if (!audience.isEmpty) await this.#alarm.ringBy(audience.nextDue(now));
		else if (!this.#alarm.isSet) await this.#idle.freeIfExpired(now);
	}
}
