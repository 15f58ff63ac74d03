/** Records what was acknowledged to publishers and what subscribers received, and compares the two. */

/** The result. The protocol promises zero of everything that may go wrong. */
export interface Verdict {
	/** Acknowledged events. */
	events: number;
	/** Events that subscribers received. */
	deliveries: number;
	/** Acknowledged events and ends that a subscriber never received, and gaps that subscribers were told. */
	lost: number;
	/** Events that a subscriber received again, and events that were stored under two offsets. */
	twice: number;
	/** Events that a subscriber received before one with a lower offset, or that were stored before an earlier one. */
	outOfOrder: number;
	/** Offsets at which two different events were received or acknowledged: a crash has undone one of them. */
	reused: number;
}

/** What one subscriber has received from one channel, from before its first event. */
export class Reading {
	readonly #account: Account;
	readonly #seen = new Set<number>();
	#last: number | undefined;
	twice = 0;
	outOfOrder = 0;

	constructor(account: Account) {
		this.#account = account;
	}

	get deliveries(): number {
		return this.#seen.size + this.twice;
	}

	/** How many acknowledged events it has not received. */
	get lost(): number {
		return [...this.#account.acknowledged].filter((offset) => !this.#seen.has(offset)).length;
	}

	see(offset: number, content: string): void {
		if (this.#seen.has(offset)) this.twice += 1;
		else if (this.#last !== undefined && offset !== this.#last + 1) this.outOfOrder += 1;
		this.#seen.add(offset);
		this.#last = Math.max(this.#last ?? offset, offset);
		this.#account.check(offset, content);
	}
}

/** What is known about one channel: the content at each offset. */
class Account {
	readonly acknowledged = new Set<number>();
	readonly #content = new Map<number, string>();
	readonly #offsets = new Map<string, number>();
	twice = 0;
	reused = 0;

	acknowledge(offset: number, content: string): void {
		this.acknowledged.add(offset);
		this.check(offset, content);
	}

	check(offset: number, content: string): void {
		const known = this.#content.get(offset);
		if (known === undefined) this.#content.set(offset, content);
		else if (known !== content) this.reused += 1;
		// Publishers use every content once.
		if ((this.#offsets.get(content) ?? offset) !== offset) this.twice += 1;
		else this.#offsets.set(content, offset);
	}
}

export class Ledger {
	readonly #accounts = new Map<string, Account>();
	readonly #readings: Reading[] = [];
	#gaps = 0;
	#untold = 0;
	#misplaced = 0;

	/** Records that a publisher was told that an event is stored. */
	acknowledge(channel: string, id: string, content: string): void {
		this.#accountOf(channel).acknowledge(Number(id), content);
	}

	/** Starts the record of a subscriber that reads a channel from before its first event. */
	reading(channel: string): Reading {
		const reading = new Reading(this.#accountOf(channel));
		this.#readings.push(reading);
		return reading;
	}

	/** Records that a subscriber was told of a gap. */
	gap(): void {
		this.#gaps += 1;
	}

	/** Records that a subscriber was not told that its channels have ended. */
	untold(): void {
		this.#untold += 1;
	}

	/** Records that an event was stored before one that was published earlier over the same connection. */
	misplaced(): void {
		this.#misplaced += 1;
	}

	verdict(): Verdict {
		const accounts = [...this.#accounts.values()];
		const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0);
		return {
			events: sum(accounts.map(({ acknowledged }) => acknowledged.size)),
			deliveries: sum(this.#readings.map(({ deliveries }) => deliveries)),
			lost: this.#gaps + this.#untold + sum(this.#readings.map(({ lost }) => lost)),
			twice: sum([...accounts, ...this.#readings].map(({ twice }) => twice)),
			outOfOrder: this.#misplaced + sum(this.#readings.map(({ outOfOrder }) => outOfOrder)),
			reused: sum(accounts.map(({ reused }) => reused)),
		};
	}

	#accountOf(channel: string): Account {
		const account = this.#accounts.get(channel) ?? new Account();
		this.#accounts.set(channel, account);
		return account;
	}
}
