import type { Counts } from "../audience/counts.ts";
import { Problem } from "../errors.ts";
import { Logger } from "../logger.ts";
import type { RateLimitEnv } from "../rate-limit.ts";
import { readAttachment, writeAttachment } from "../socket-attachment.ts";
import { CLOSE_CODES } from "../wire/close-codes.ts";
import type { HeldPublisher } from "../wire/publisher-link.ts";
import type { Alarm } from "./alarm.ts";
import { Gathering } from "./gathering.ts";
import type { Idle } from "./idle.ts";
import { type PersistedPublisher, PublisherSocket } from "./publisher-socket.ts";
import type { Publishing } from "./publishing.ts";
import { type Revocations, revoked } from "./revocations.ts";
import type { SocketHandler } from "./sockets.ts";
import { Unanswered } from "./unanswered.ts";

/** The tag of their WebSockets. */
const TAG = "publisher";
/** What one publisher may wait for. */
const OWN_LIMITS = { messages: 1024, characters: 4_194_304 };
/** What all publishers of a channel may wait for. */
const ALL_LIMITS = { messages: 10_000, characters: 33_554_432 };
/** A lone message should not wait each time for others. */
const SKIPPED = 7;
/** The runtime's limit of hibernatable WebSockets for an object, of which sessions need some. */
const MAX_SOCKETS = 16_384;

export interface PublisherSocketsOptions {
	ctx: DurableObjectState;
	channel: string;
	env: RateLimitEnv;
	maxEventBytes: number;
	publishing: Publishing;
	counts: Counts;
	revocations: Revocations;
	alarm: Alarm;
	idle: Idle;
}

/** What a WebSocket's attachment holds. Without a publisher, it has ended, and only its client has not closed yet. */
interface Attachment {
	publisher?: PersistedPublisher;
}

/** The publishers who stay. Their WebSockets survive hibernation, and need nothing that is in memory. */
export class PublisherSockets implements SocketHandler {
	readonly #options: PublisherSocketsOptions;
	readonly #bySocket = new Map<WebSocket, PublisherSocket>();
	readonly #all = new Unanswered(ALL_LIMITS);
	readonly #gathering = new Gathering(SKIPPED);
	/** When the next credentials end; infinity if none do, `undefined` if it is not known. */
	#due: number | undefined;

	constructor(options: PublisherSocketsOptions) {
		this.#options = options;
		for (const socket of options.ctx.getWebSockets(TAG)) {
			const { publisher } = readAttachment<Attachment>(socket) ?? {};
			if (publisher) this.#add(socket, publisher);
		}
	}

	/**
	 * Opens the WebSocket of a publisher.
	 *
	 * @throws Problem `invalid_token` or `channel_full`.
	 */
	async open(publisher: HeldPublisher): Promise<Response> {
		const { ctx, channel, alarm } = this.#options;
		const now = Date.now();
		if (this.#isRevoked(publisher, now)) throw revoked(channel);
		if (this.#bySocket.size >= MAX_SOCKETS) {
			throw new Problem("channel_full", `The channel ${channel} has ${MAX_SOCKETS} publishers. Try again later.`);
		}
		const [theirs, ours] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
		ctx.acceptWebSocket(ours, [TAG]);
		const persisted: PersistedPublisher = { publisher, openedAt: now, messages: 0, events: 0 };
		writeAttachment(ours, { publisher: persisted } satisfies Attachment);
		this.#add(ours, persisted);
		await alarm.ringBy(publisher.endsAt);
		return new Response(null, { status: 101, webSocket: theirs });
	}

	message(socket: WebSocket, data: string | ArrayBuffer): void {
		const held = this.#bySocket.get(socket);
		if (!held) return;
		this.#gathering.came();
		this.#endIfOver(held, Date.now());
		held.receive(data);
	}

	/** Waits while messages keep coming, so that they are stored together; see `gathering.ts`. */
	gather(): Promise<void> | undefined {
		return this.#gathering.begin();
	}

	closed(socket: WebSocket, code: number): void {
		this.#bySocket.get(socket)?.end(code, "");
	}

	/** Ends those of a user whose credentials were revoked. */
	endRevoked(now: number): void {
		for (const held of this.#bySocket.values()) {
			if (this.#isRevoked(held.publisher, now)) held.end(CLOSE_CODES.unauthenticated, "revoked");
		}
	}

	/** Ends those whose credentials are over. */
	tend(now: number): void {
		for (const held of this.#bySocket.values()) this.#endIfOver(held, now);
	}

	/** When the next credentials end, in Unix milliseconds; `undefined` if none do. */
	get nextDue(): number | undefined {
		// Asked for at every stream that opens, so it is looked for only when publishers have come or gone.
		this.#due ??= this.#earliestEnd();
		return this.#due === Number.POSITIVE_INFINITY ? undefined : this.#due;
	}

	#earliestEnd(): number {
		let earliest = Number.POSITIVE_INFINITY;
		for (const { publisher } of this.#bySocket.values()) earliest = Math.min(earliest, publisher.endsAt ?? earliest);
		return earliest;
	}

	#endIfOver(held: PublisherSocket, now: number): void {
		const { endsAt } = held.publisher;
		if (endsAt !== undefined && endsAt <= now) held.end(CLOSE_CODES.unauthenticated, "token_expired");
	}

	#isRevoked({ user, issuedAt }: HeldPublisher, now: number): boolean {
		return user !== undefined && this.#options.revocations.covers(user, issuedAt, now);
	}

	#add(socket: WebSocket, persisted: PersistedPublisher): void {
		const { channel, env, maxEventBytes, publishing, counts, idle } = this.#options;
		const { key, request } = persisted.publisher;
		const logger = new Logger({ request, channel, publisher: key });
		const held = new PublisherSocket({
			socket,
			persisted,
			env,
			maxEventBytes,
			logger,
			own: new Unanswered(OWN_LIMITS),
			all: this.#all,
			submit: (publishes) => publishing.submit(publishes),
			persist: (publisher) => writeAttachment(socket, { publisher } satisfies Attachment),
			stored: (events, milliseconds) => {
				counts.publishedUnseen(events, milliseconds);
				void idle.beginUnlessAlarmSet(Date.now());
			},
			ended: (code, reason, { openedAt, messages, events }) => {
				this.#bySocket.delete(socket);
				this.#due = undefined;
				writeAttachment(socket, {});
				if (socket.readyState === WebSocket.OPEN) socket.close(code, reason);
				const milliseconds = Date.now() - openedAt;
				logger.note("A publisher's WebSocket was closed.", { closeCode: code, reason, messages, events, milliseconds });
			},
		});
		this.#bySocket.set(socket, held);
		this.#due = undefined;
	}
}
