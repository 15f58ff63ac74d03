/** What {@link Disk} needs of a Durable Object. */
export type DiskState = Pick<DurableObjectState, "storage" | "abort" | "blockConcurrencyWhile">;

/** A Durable Object's storage as a whole: waiting for it, and freeing it. */
export class Disk {
	readonly #ctx: DiskState;

	constructor(ctx: DiskState) {
		this.#ctx = ctx;
	}

	/**
	 * Waits until everything that was written is on disk. When that fails, memory and disk may differ: the object is
	 * aborted, and starts again from what the disk holds.
	 */
	async sync(): Promise<void> {
		try {
			await this.#ctx.storage.sync();
		} catch (error) {
			this.#ctx.abort("The channel's storage could not be written.");
			throw error;
		}
	}

	/** Deletes everything, the alarm as well, and calls back before the object takes another call. */
	async free(freed: () => void): Promise<void> {
		const { storage } = this.#ctx;
		await this.#ctx.blockConcurrencyWhile(async () => {
			await Promise.all([storage.deleteAlarm(), storage.deleteAll()]);
			freed();
		});
	}
}
