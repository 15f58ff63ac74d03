import { DurableObject } from "cloudflare:workers";
import { type Config, readConfig, type SettingsEnv } from "../config.ts";
import { Problem } from "../errors.ts";
import { formatCursor } from "../sse/cursor.ts";
import { envelopeJson, type NewEvent, type StoredEvent } from "../sse/event.ts";
import { type ControlEvents, controlFrame } from "../sse/frame.ts";
import { Audience } from "./audience.ts";
import { chunksOf } from "./chunks.ts";
import { GroupCommit } from "./group-commit.ts";
import { type AnsweredPublish, IdempotencyKeys } from "./idempotency.ts";
import { Log } from "./log.ts";
import { type ObserverHooks, Observers } from "./observers.ts";
import { findStart, type Start } from "./resume.ts";
import { Stream, type Subscription } from "./stream.ts";

/** Alarms that fall due closer together than this are one. */
const ALARM_PACE_MILLISECONDS = 250;

/** What a stream is sent at once of a long replay, in characters of data; the rest follows as the client reads. */
const REPLAY_PIECE_CHARACTERS = 262_144;

const STREAM_HEADERS = {
	"Content-Type": "text/event-stream",
	"Cache-Control": "no-store, no-transform",
	"X-Accel-Buffering": "no",
};

/** Events to be published, and under which conditions. */
export interface PublishRequest {
	events: NewEvent[];
	/** An `Idempotency-Key` and a digest of the events that came with it. */
	idempotency?: { key: string; digest: string };
	/** The cursor that must be the channel's head. */
	ifHead?: string;
}

/** What a publisher is told: where the events stand, and how many streams were open. */
export interface Receipt {
	channel: string;
	ids: string[];
	subscribers: number;
}

/** How a publish went. Refusals are values: an error that crosses RPC loses its kind. */
export type PublishOutcome =
	| { ok: true; receipt: Receipt; replayed: boolean }
	| { ok: false; code: "head_moved" | "idempotency_mismatch" | "rate_limited"; detail: string };

/** How a channel stands. Before anybody has subscribed or published, `head` is `"0"`. */
export interface ChannelState {
	channel: string;
	head: string;
	oldest: string | null;
	buffered: number;
	subscribers: number;
}

/** A part of the log. */
interface Piece {
	events: StoredEvent[];
	/** Whether it reaches the head. */
	isLast: boolean;
}

/**
 * One channel: its log, its open streams, its heartbeat. A Durable Object, so there is exactly one of each.
 *
 * It decides when and in which order, never who: whatever reaches it was verified by the Worker.
 */
export class ChannelObject<Env extends SettingsEnv = SettingsEnv> extends DurableObject<Env> {
	readonly #config: Config;
	readonly #log: Log;
	readonly #audience: Audience;
	readonly #keys: IdempotencyKeys;
	readonly #publishes: GroupCommit<PublishRequest, PublishOutcome>;
	#alarmAt: number | undefined;

	constructor(ctx: DurableObjectState, env: Env, hooks: ObserverHooks = {}) {
		super(ctx, env);
		this.#config = readConfig(env);
		const { REPLAY_EVENTS, REPLAY_SECONDS, HEARTBEAT_SECONDS } = this.#config;
		this.#log = new Log(ctx.storage, { events: REPLAY_EVENTS, seconds: REPLAY_SECONDS });
		this.#audience = new Audience(this.#name, HEARTBEAT_SECONDS, new Observers(hooks));
		this.#keys = new IdempotencyKeys(ctx.storage.sql);
		this.#publishes = new GroupCommit((group) => this.#commit(group));
	}

	/** Opens a stream. Its response goes to the client as it is, without the Worker in between. */
	override async fetch(request: Request): Promise<Response> {
		try {
			const stream = await this.#open((await request.json()) as Subscription);
			return new Response(stream.body, { headers: STREAM_HEADERS });
		} catch (error) {
			if (error instanceof Problem) return error.toResponse();
			throw error;
		}
	}

	/** Appends events, waits until they are on disk, delivers them and says where they stand. */
	async publish(request: PublishRequest): Promise<PublishOutcome> {
		if (this.#publishes.isFull) {
			return {
				ok: false,
				code: "rate_limited",
				detail: `The channel ${this.#name} has too many publishes waiting. Slow down, or send batches.`,
			};
		}
		return await this.#publishes.submit(request);
	}

	/** How the channel stands. */
	state(): ChannelState {
		const oldest = this.#log.oldest(Date.now());
		return {
			channel: this.#name,
			head: formatCursor(this.#log.head),
			oldest: oldest === undefined ? null : formatCursor(oldest),
			buffered: oldest === undefined ? 0 : this.#log.head - oldest + 1,
			subscribers: this.#audience.size,
		};
	}

	/** The remembered events after a position, at most `limit` of them, as a JSON array. */
	eventsJson(after: number, limit: number): string {
		const events = this.#log.read(after, Date.now()).take(limit);
		return `[${[...events.map((event) => envelopeJson(event, this.#name))].join(",")}]`;
	}

	/** The heartbeat: beats, warns, ends, and goes on as long as somebody is there. */
	override async alarm(): Promise<void> {
		this.#alarmAt = undefined;
		this.#audience.tend(Date.now());
		await this.#setAlarm();
	}

	get #name(): string {
		const { name } = this.ctx.id;
		if (name === undefined) throw new Error("A channel's object must be reached by its name (getByName).");
		return name;
	}

	async #open(subscription: Subscription): Promise<Stream> {
		if (!this.#log.isBorn) {
			this.#log.birth(Date.now());
			await this.#sync();
		}
		this.#checkRoom(subscription);
		const stream = this.#start(subscription, Date.now());
		await this.#setAlarm();
		return stream;
	}

	#checkRoom({ user }: Subscription): void {
		const { MAX_SUBSCRIBERS, MAX_CONNECTIONS_PER_USER } = this.#config;
		if (this.#audience.size >= MAX_SUBSCRIBERS) {
			throw new Problem(
				"channel_full",
				`The channel has ${MAX_SUBSCRIBERS} subscribers, as many as it may (MAX_SUBSCRIBERS). Try again later.`,
			);
		}
		if (this.#audience.connectionsOf(user) >= MAX_CONNECTIONS_PER_USER) {
			throw new Problem(
				"too_many_connections",
				`You have ${MAX_CONNECTIONS_PER_USER} streams of this channel open, as many as you may (MAX_CONNECTIONS_PER_USER). Close one, or share it.`,
			);
		}
	}

	/** Replays and goes live in one synchronous step: nothing falls between the two, and nothing comes twice. */
	#start(subscription: Subscription, now: number): Stream {
		const log = this.#log;
		const { start, head } = log;
		const firstSince = (time: number) => log.firstSince(time, now);
		const from = findStart(subscription, { start, head, oldest: log.oldest(now), firstSince });
		const replay = this.#readPiece(from.position, now);
		const stream = new Stream(subscription, from.position, this.#config.MAX_BACKLOG_BYTES, now, {
			left: (stream) => this.#audience.leave(stream),
			...(!replay.isLast && { more: (stream) => this.#catchUp(stream, Date.now()) }),
		});
		stream.send(this.#preface(stream, from), now);
		this.#deliverPiece(stream, replay, now);
		stream.warn(now);
		this.#audience.join(stream);
		return stream;
	}

	/** What comes before the replay. A gap carries the cursor that the stream goes on from: it need not be told again. */
	#preface({ connection, subscription: { user, expires } }: Stream, { position, cursor, resumed, gap }: Start): string {
		const connected = { connection, user, channels: [this.#name], resumed, expires };
		const opening = controlFrame("connected", connected, { id: cursor, retry: this.#config.RETRY_MILLISECONDS });
		return gap ? opening + this.#gapFrame(gap, position) : opening;
	}

	#gapFrame(gap: Omit<ControlEvents["gap"], "channel">, position: number): string {
		return controlFrame("gap", { channel: this.#name, ...gap }, { id: formatCursor(position) });
	}

	/** Goes on with a replay that was too long to be sent at once. */
	#catchUp(stream: Stream, now: number): void {
		while (stream.isBehind && !stream.isClogged) {
			const oldest = this.#log.oldest(now) ?? this.#log.head + 1;
			if (stream.position + 1 < oldest) {
				const after = formatCursor(stream.position);
				stream.send(this.#gapFrame({ after, oldest: formatCursor(oldest), reason: "trimmed" }, oldest - 1), now);
				stream.position = oldest - 1;
			}
			this.#deliverPiece(stream, this.#readPiece(stream.position, now), now);
		}
	}

	#deliverPiece(stream: Stream, { events, isLast }: Piece, now: number): void {
		const position = events.at(-1)?.offset;
		if (position !== undefined) stream.deliver(chunksOf(events, this.#name)(stream), position, now);
		stream.isBehind = !isLast;
	}

	#readPiece(after: number, now: number): Piece {
		const events: StoredEvent[] = [];
		let characters = 0;
		for (const event of this.#log.read(after, now)) {
			events.push(event);
			characters += event.data.length;
			if (characters >= REPLAY_PIECE_CHARACTERS) break;
		}
		return { events, isLast: (events.at(-1)?.offset ?? this.#log.head) === this.#log.head };
	}

	/** Durable, then visible: nobody sees an event, and no publisher is answered, before it is on disk. */
	async #commit(group: PublishRequest[]): Promise<PublishOutcome[]> {
		const stored: StoredEvent[] = [];
		const outcomes = this.#transaction(() => group.map((request) => this.#append(request, stored)));
		if (stored.length > 0) {
			await this.#sync();
			this.#log.reveal();
			this.#audience.deliver(stored, Date.now());
		}
		return outcomes;
	}

	#append({ events, idempotency, ifHead }: PublishRequest, stored: StoredEvent[]): PublishOutcome {
		const now = Date.now();
		const answered = idempotency && this.#keys.find(idempotency.key, now);
		if (answered) {
			if (answered.digest === idempotency.digest) return { ok: true, receipt: this.#receipt(answered), replayed: true };
			const detail =
				"This Idempotency-Key came with other events less than 5 minutes ago. Use a new key for a new publish.";
			return { ok: false, code: "idempotency_mismatch", detail };
		}
		const head = formatCursor(this.#log.last);
		if (ifHead !== undefined && ifHead !== head) {
			const detail = `The channel's head is "${head}", not "${ifHead}". Read what has come since, and decide again.`;
			return { ok: false, code: "head_moved", detail };
		}
		const appended = this.#log.append(events, now);
		stored.push(...appended);
		const publish = {
			first: this.#log.last - appended.length + 1,
			count: appended.length,
			subscribers: this.#audience.size,
		};
		if (idempotency) this.#keys.remember(idempotency.key, { digest: idempotency.digest, ...publish }, now);
		return { ok: true, receipt: this.#receipt(publish), replayed: false };
	}

	#receipt({ first, count, subscribers }: Pick<AnsweredPublish, "first" | "count" | "subscribers">): Receipt {
		const ids = Array.from({ length: count }, (_, index) => formatCursor(first + index));
		return { channel: this.#name, ids, subscribers };
	}

	/** All or none, in storage and in memory. */
	#transaction<Result>(work: () => Result): Result {
		try {
			return this.ctx.storage.transactionSync(work);
		} catch (error) {
			this.#log.reload();
			throw error;
		}
	}

	/** Waits for the disk. If it fails, memory and disk may differ: the object starts again from what the disk holds. */
	async #sync(): Promise<void> {
		try {
			await this.ctx.storage.sync();
		} catch (error) {
			this.ctx.abort("The channel's storage could not be written.");
			throw error;
		}
	}

	async #setAlarm(): Promise<void> {
		const due = this.#audience.nextDue();
		if (due === undefined) return;
		const at = Math.max(due, Date.now() + ALARM_PACE_MILLISECONDS);
		if (this.#alarmAt !== undefined && this.#alarmAt <= at) return;
		this.#alarmAt = at;
		await this.ctx.storage.setAlarm(at);
	}
}
