import type { Tally } from "../metrics/tally.ts";
import type { ChannelMessage } from "../wire/link.ts";
import type { CloseReason, Gap, Renewal, Start, Subscription } from "../wire/subscription.ts";
import type { Chunk } from "./chunk.ts";
import { withheldMessage } from "./chunks.ts";
import { type Presence, Subscriber } from "./subscriber.ts";

/** What has to be known of a subscriber when its Channel wakes up. */
interface Kept {
	subscription: Subscription;
	since: number;
	/** Where it reads from the log; absent: it has everything that was published. */
	behindAt?: number;
	/** Whether it was ended here, and only its WebSocket is not closed yet. */
	isEnded: boolean;
	/** What the channel has counted; absent but in one of its subscribers. */
	tally?: Tally;
}

/** A subscriber whose response a relay in the Worker holds, at the other end of a WebSocket. It outlives the object. */
export class Downlink extends Subscriber {
	override readonly isRelayed = true;
	/** Where it started; absent once the object has slept. */
	start: Start | undefined;
	/** What the channel had counted when it slept; absent but in one of its subscribers. */
	tally: Tally | undefined;
	readonly #socket: WebSocket;
	#unsentBytes = 0;
	#isEnded = false;

	private constructor(socket: WebSocket, subscription: Subscription, position: number, since: number, now: number) {
		super(subscription, position, since, now);
		this.#socket = socket;
	}

	/** A subscriber that joins now. */
	static join(socket: WebSocket, subscription: Subscription, position: number, now: number): Downlink {
		const { cursor: _, position: __, rewind: ___, since: ____, ...lasting } = subscription;
		const downlink = new Downlink(socket, lasting, position, now, now);
		downlink.#keep();
		return downlink;
	}

	/** A subscriber that was here before the object slept; `undefined` when it had been ended. */
	static restore(socket: WebSocket, head: number, now: number): Downlink | undefined {
		const bytes = socket.deserializeAttachment() as Uint8Array;
		const { subscription, since, behindAt, isEnded, tally } = JSON.parse(new TextDecoder().decode(bytes)) as Kept;
		if (isEnded) return undefined;
		const downlink = new Downlink(socket, subscription, behindAt ?? head, since, now);
		if (behindAt !== undefined) downlink.fallBehind(now);
		downlink.tally = tally;
		return downlink;
	}

	override get unsentBytes(): number {
		return this.#unsentBytes;
	}

	/** The relay has it all. */
	override get hasLeftovers(): boolean {
		return false;
	}

	/** The relay is told in the answer to its request. */
	override open(start: Start): void {
		this.start = start;
	}

	override skip(gap: Gap, position: number): void {
		this.position = position;
		this.#send({ type: "gap", gap, position });
	}

	override deliver(chunk: Chunk | undefined, position: number, now: number): void {
		this.position = position;
		this.#socket.send(chunk ? chunk.message : withheldMessage(position));
		this.#unsentBytes += chunk?.frames.byteLength ?? 0;
		this.wrote(now);
	}

	/** The client has taken something. */
	taken(bytes: number): void {
		// What was on its way when the object slept is not known any more.
		this.#unsentBytes = Math.max(0, this.#unsentBytes - bytes);
	}

	override setBehind(isBehind: boolean): void {
		const changes = isBehind || this.isBehind;
		super.setBehind(isBehind);
		if (changes) this.#keep();
	}

	/** Keeps for the channel what it has counted. */
	carry(tally: Tally): void {
		this.tally = tally;
		this.#keep();
	}

	override renew(renewal: Renewal): void {
		super.renew(renewal);
		this.#keep();
	}

	/** Has the relay renew what it holds of the other channels. */
	pass(renewal: Renewal): void {
		this.#send({ type: "renewed", renewal });
	}

	override tell(presence: Presence): void {
		this.#send({ type: "presence", ...presence });
	}

	override beat(): void {
		this.#send({ type: "beat" });
	}

	override heard(): void {
		this.#send({ type: "alive" });
	}

	/** The relay minds it by itself, so that the Channel can sleep. */
	override isLost(): boolean {
		return false;
	}

	override close(reason: CloseReason): void {
		this.#send({ type: "closing", reason });
		this.drop();
	}

	override end(): void {
		this.drop();
	}

	override drop(): void {
		this.#isEnded = true;
		this.#keep();
		this.#socket.close(1000);
	}

	/** The relay beats by itself, so that the Channel can sleep. */
	protected override beatDue(): number {
		return Number.POSITIVE_INFINITY;
	}

	protected override expiring(expires: number): void {
		this.#send({ type: "expiring", expires });
	}

	#send(message: ChannelMessage): void {
		this.#socket.send(JSON.stringify(message));
	}

	/** Bytes, for what a text takes in an attachment depends on its characters. */
	#keep(): void {
		const kept: Kept = {
			subscription: this.subscription,
			since: this.since,
			...(this.isBehind && { behindAt: this.position }),
			isEnded: this.#isEnded,
			...(this.tally && { tally: this.tally }),
		};
		this.#socket.serializeAttachment(new TextEncoder().encode(JSON.stringify(kept)));
	}
}
