/** Alarms that fall due closer together than this are one. */
const PACE_MILLISECONDS = 250;
/** An alarm cannot be set for just any time: one that falls due later than this is set again on the way. */
const MAX_MILLISECONDS = 24 * 60 * 60 * 1000;

/** What {@link Alarm} needs of a Durable Object. */
export type AlarmState = Pick<DurableObjectState, "storage" | "blockConcurrencyWhile">;

/** The object's one alarm. It is set for the earliest of what falls due. */
export class Alarm {
	readonly #storage: DurableObjectStorage;
	#at: number | undefined;

	/** Reads when the alarm rings; the object takes no calls before that is known. */
	constructor(ctx: AlarmState) {
		this.#storage = ctx.storage;
		void ctx.blockConcurrencyWhile(async () => {
			this.#at = (await ctx.storage.getAlarm()) ?? undefined;
		});
	}

	get isSet(): boolean {
		return this.#at !== undefined;
	}

	/** The alarm has rung, or was deleted. */
	clear(): void {
		this.#at = undefined;
	}

	/** Has the alarm ring when something falls due, unless it rings before. `undefined`: nothing falls due. */
	async ringBy(due: number | undefined): Promise<void> {
		if (due === undefined) return;
		const now = Date.now();
		const at = Math.min(Math.max(due, now + PACE_MILLISECONDS), now + MAX_MILLISECONDS);
		if (this.#at === undefined || at < this.#at) await this.ringAt(at);
	}

	/** Has the alarm ring then, and not before. */
	async ringAt(at: number): Promise<void> {
		this.#at = at;
		await this.#storage.setAlarm(at);
	}
}
