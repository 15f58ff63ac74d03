/** The minimum delay of an alarm. Earlier ones are coalesced. */
const PACE_MILLISECONDS = 250;
/** The maximum delay of an alarm. A later time is reached in steps. */
const MAX_MILLISECONDS = 24 * 60 * 60 * 1000;

/** What {@link Alarm} needs of a Durable Object. */
export interface AlarmState extends Pick<DurableObjectState, "blockConcurrencyWhile"> {
	storage: Pick<DurableObjectStorage, "getAlarm" | "setAlarm">;
}

/**
 * The object's one alarm, set to the earliest due time: by the audience while streams are open, and by `Idle`
 * otherwise. What publishers are due for is looked up whenever it is set.
 */
export class Alarm {
	readonly #storage: AlarmState["storage"];
	readonly #publishersDue: () => number | undefined;
	#at: number | undefined;

	/**
	 * Loads the alarm's time. The object accepts no call before.
	 *
	 * @param publishersDue returns when the next publisher's credentials end, or the lease of those who have gone.
	 */
	constructor(ctx: AlarmState, publishersDue: () => number | undefined) {
		this.#storage = ctx.storage;
		this.#publishersDue = publishersDue;
		void ctx.blockConcurrencyWhile(async () => {
			this.#at = (await ctx.storage.getAlarm()) ?? undefined;
			await this.ringBy(undefined);
		});
	}

	get isSet(): boolean {
		return this.#at !== undefined;
	}

	/** Notes that the alarm has fired or was deleted. */
	clear(): void {
		this.#at = undefined;
	}

	/** Sets the alarm to a due time, unless it is set to an earlier one. `undefined`: only publishers may be due. */
	async ringBy(other: number | undefined): Promise<void> {
		const due = earliest(other, this.#publishersDue());
		if (due === undefined) return;
		const now = Date.now();
		const at = Math.min(Math.max(due, now + PACE_MILLISECONDS), now + MAX_MILLISECONDS);
		if (this.#at === undefined || at < this.#at) await this.ringAt(at);
	}

	/** Sets the alarm to a time, replacing any other, or to an earlier one at which a publisher is due. */
	async ringAt(at: number): Promise<void> {
		this.#at = earliest(at, this.#publishersDue());
		await this.#storage.setAlarm(this.#at);
	}
}

/** The earlier of two times; `undefined` if neither is set. */
export function earliest(at: number, other: number | undefined): number;
export function earliest(one: number | undefined, other: number | undefined): number | undefined;
export function earliest(one: number | undefined, other: number | undefined): number | undefined {
	if (one === undefined || other === undefined) return one ?? other;
	return Math.min(one, other);
}
