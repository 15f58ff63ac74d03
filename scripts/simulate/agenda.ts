interface Entry {
	time: number;
	/** Of two actions at the same time, the one that was planned first runs first. */
	order: number;
	action: () => void;
}

/** The clock of a simulation: runs actions in the order of their times, which are milliseconds. */
export class Agenda {
	now = 0;
	#planned = 0;
	#millisecond = 0;
	/** What is left of this millisecond, the last first. */
	readonly #current: Entry[] = [];
	/** The milliseconds to come, each with its actions in any order. */
	readonly #later: (Entry[] | undefined)[] = [];

	at(time: number, action: () => void): void {
		this.#planned += 1;
		const entry = { time, order: this.#planned, action };
		const millisecond = Math.floor(time);
		if (millisecond <= this.#millisecond) this.#insert(entry);
		else {
			const entries = this.#later[millisecond];
			if (entries === undefined) this.#later[millisecond] = [entry];
			else entries.push(entry);
		}
	}

	after(milliseconds: number, action: () => void): void {
		this.at(this.now + milliseconds, action);
	}

	/** Runs until nothing is planned. */
	run(): void {
		for (; this.#millisecond < this.#later.length || this.#current.length > 0; this.#millisecond += 1) {
			const entries = this.#later[this.#millisecond];
			this.#later[this.#millisecond] = undefined;
			for (const entry of entries ?? []) this.#current.push(entry);
			this.#current.sort(lastFirst);
			for (let next = this.#current.pop(); next !== undefined; next = this.#current.pop()) {
				this.now = next.time;
				next.action();
			}
		}
	}

	#insert(entry: Entry): void {
		let from = 0;
		let to = this.#current.length;
		while (from < to) {
			const middle = (from + to) >> 1;
			const other = this.#current[middle];
			if (other !== undefined && lastFirst(other, entry) < 0) from = middle + 1;
			else to = middle;
		}
		this.#current.splice(from, 0, entry);
	}
}

function lastFirst(a: Entry, b: Entry): number {
	return b.time - a.time || b.order - a.order;
}
