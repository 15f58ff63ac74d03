/** What publishers were promised, what subscribers saw, and whether the two agree. */

/** What went wrong, by kind; all zero is what the protocol promises. */
export interface Verdict {
	/** Acknowledged events. */
	events: number;
	/** Events that a subscriber received. */
	deliveries: number;
	/** Acknowledged events that a subscriber never saw, and gaps that one was told. */
	lost: number;
	/** Events that a subscriber saw again, and events that were stored under two offsets. */
	twice: number;
	/** Events that a subscriber saw before one that stands before them. */
	outOfOrder: number;
	/** Offsets under which different events were seen or acknowledged: a crash took an event back. */
	reused: number;
}

export class Ledger {
	readonly #acknowledged = new Map<number, string>();
	readonly #content = new Map<number, string>();
	readonly #offsets = new Map<string, number>();
	readonly #seen: Set<number>[] = [];
	#deliveries = 0;
	#gaps = 0;
	#twice = 0;
	#outOfOrder = 0;
	#reused = 0;

	/** The offset of the last acknowledged event. */
	get last(): number {
		return Math.max(0, ...[...this.#acknowledged.keys()].slice(-1000));
	}

	/** A publisher was answered 201. */
	acknowledge(id: string, content: string): void {
		this.#acknowledged.set(Number(id), content);
		this.#check(Number(id), content);
	}

	/** A subscriber that starts to read, at a position. Answers with what it is to call for each event. */
	subscriber(start: number): (id: string, content: string) => void {
		const seen = new Set<number>();
		this.#seen.push(seen);
		let last = start;
		return (id, content) => {
			const offset = Number(id);
			this.#deliveries += 1;
			if (seen.has(offset)) this.#twice += 1;
			else if (offset !== last + 1) this.#outOfOrder += 1;
			seen.add(offset);
			last = Math.max(last, offset);
			this.#check(offset, content);
		};
	}

	/** A subscriber was told that it missed something. */
	gap(): void {
		this.#gaps += 1;
	}

	verdict(): Verdict {
		let lost = this.#gaps;
		for (const seen of this.#seen) for (const offset of this.#acknowledged.keys()) if (!seen.has(offset)) lost += 1;
		return {
			events: this.#acknowledged.size,
			deliveries: this.#deliveries,
			lost,
			twice: this.#twice,
			outOfOrder: this.#outOfOrder,
			reused: this.#reused,
		};
	}

	#check(offset: number, content: string): void {
		const known = this.#content.get(offset);
		if (known === undefined) this.#content.set(offset, content);
		else if (known !== content) this.#reused += 1;
		// Publishers make up every content once.
		if ((this.#offsets.get(content) ?? offset) !== offset) this.#twice += 1;
		else this.#offsets.set(content, offset);
	}
}
