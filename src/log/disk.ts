/** What {@link Disk} needs of a Durable Object. */
export type DiskState = Pick<DurableObjectState, "storage" | "abort" | "blockConcurrencyWhile">;

/** Syncs and frees a Durable Object's storage. */
export class Disk {
	readonly #ctx: DiskState;

	constructor(ctx: DiskState) {
		this.#ctx = ctx;
	}

	/**
	 * Waits until all writes are durable. If that fails, memory and disk may differ: the object is aborted and restarts
	 * from disk.
	 */
	async sync(): Promise<void> {
		try {
			await this.#ctx.storage.sync();
		} catch (error) {
			this.#ctx.abort("The channel's storage could not be written.");
			throw error;
		}
	}

	/** Deletes all storage and the alarm. Calls `freed` before the object accepts another call. */
	async free(freed: () => void): Promise<void> {
		const { storage } = this.#ctx;
		await this.#ctx.blockConcurrencyWhile(async () => {
			await Promise.all([storage.deleteAlarm(), storage.deleteAll()]);
			freed();
		});
	}
}
