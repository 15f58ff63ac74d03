/** The minimum delay of an alarm. Earlier ones are coalesced. */
const PACE_MILLISECONDS = 250;
/** The maximum delay of an alarm. A later time is reached in steps. */
const MAX_MILLISECONDS = 24 * 60 * 60 * 1000;

/** What {@link Alarm} needs of a Durable Object. */
export type AlarmState = Pick<DurableObjectState, "storage" | "blockConcurrencyWhile">;

/**
 * The object's one alarm, set to the earliest due time: by the audience while streams are open, and by `Idle`
 * otherwise.
 */
export class Alarm {
	readonly #storage: DurableObjectStorage;
	#at: number | undefined;

	/** Loads the alarm's time. The object accepts no call before. */
	constructor(ctx: AlarmState) {
		this.#storage = ctx.storage;
		void ctx.blockConcurrencyWhile(async () => {
			this.#at = (await ctx.storage.getAlarm()) ?? undefined;
		});
	}

	get isSet(): boolean {
		return this.#at !== undefined;
	}

	/** Notes that the alarm has fired or was deleted. */
	clear(): void {
		this.#at = undefined;
	}

	/** Sets the alarm to a due time, unless it is set to an earlier one. `undefined`: nothing falls due. */
	async ringBy(due: number | undefined): Promise<void> {
		if (due === undefined) return;
		const now = Date.now();
		const at = Math.min(Math.max(due, now + PACE_MILLISECONDS), now + MAX_MILLISECONDS);
		if (this.#at === undefined || at < this.#at) await this.ringAt(at);
	}

	/** Sets the alarm to a time, replacing any other. */
	async ringAt(at: number): Promise<void> {
		this.#at = at;
		await this.#storage.setAlarm(at);
	}
}
