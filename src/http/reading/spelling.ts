/** A longer name is not a misspelling of a parameter. */
const MAX_CHARACTERS = 24;

/**
 * Finds the known name that a misspelt one means: in other letter case, with other separators, or with a typo.
 *
 * @example
 * meantBy("last-event-id", ["channel", "lastEventId"]); // "lastEventId"
 * meantBy("utm_source", ["channel", "lastEventId"]); // undefined
 */
export function meantBy(written: string, names: readonly string[]): string | undefined {
	if (written.length > MAX_CHARACTERS) return undefined;
	const letters = lettersOf(written);
	return names.find((name) => {
		const meant = lettersOf(name);
		return distance(letters, meant) <= allowedDistance(meant);
	});
}

function lettersOf(name: string): string {
	return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

/** A short name is within a few edits of too many others. */
function allowedDistance({ length }: string): number {
	if (length < 4) return 0;
	return length < 7 ? 1 : 2;
}

/** The edit distance: insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
function distance(one: string, other: string): number {
	let beforePrevious: number[] = [];
	let previous = Array.from({ length: other.length + 1 }, (_, column) => column);
	for (let row = 1; row <= one.length; row += 1) {
		const current = [row];
		for (let column = 1; column <= other.length; column += 1) {
			const isSame = one[row - 1] === other[column - 1];
			const isSwapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
			current[column] = Math.min(
				at(previous, column) + 1,
				at(current, column - 1) + 1,
				at(previous, column - 1) + (isSame ? 0 : 1),
				isSwapped ? at(beforePrevious, column - 2) + 1 : Number.POSITIVE_INFINITY,
			);
		}
		beforePrevious = previous;
		previous = current;
	}
	return at(previous, other.length);
}

function at(row: readonly number[], column: number): number {
	return row[column] ?? Number.POSITIVE_INFINITY;
}
