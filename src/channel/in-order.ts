interface Place<Item> {
	item: Item | undefined;
}

/** Passes items on in the order in which their places were taken, however long each takes to come. */
export class InOrder<Item extends object> {
	readonly #pass: (items: Item[]) => void;
	readonly #places: Place<Item>[] = [];

	/** @param pass takes the items whose turn has come. */
	constructor(pass: (items: Item[]) => void) {
		this.#pass = pass;
	}

	/** The number of places whose items were not passed on. */
	get size(): number {
		return this.#places.length;
	}

	/** Takes the next place, and returns a function that fills it. */
	place(): (item: Item) => void {
		const place: Place<Item> = { item: undefined };
		this.#places.push(place);
		return (item) => {
			place.item = item;
			if (this.#places[0] === place) this.#pass(this.#take());
		};
	}

	#take(): Item[] {
		const items: Item[] = [];
		for (const { item } of this.#places) {
			if (item === undefined) break;
			items.push(item);
		}
		this.#places.splice(0, items.length);
		return items;
	}
}
