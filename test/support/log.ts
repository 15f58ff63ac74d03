import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { LogStorage } from "../../src/log/layout.ts";
import { Log } from "../../src/log/log.ts";
import type { Retention } from "../../src/log/ring.ts";
import type { NewEvent } from "../../src/wire/event.ts";
import { newEvent } from "./events.ts";
import { freshChannel } from "./service.ts";

export const NOW = 1_795_223_089_999;
export const START = 1_795_223_089_000_000;
export const DAY = 86_400_000;

/** Runs a test on the storage of an object that nothing else uses. */
export function withStorage(test: (storage: DurableObjectStorage) => void | Promise<void>): Promise<void> {
	return runInDurableObject(env.CHANNEL.getByName(freshChannel()), (_, state) => test(state.storage));
}

/** Runs a test on an empty log. */
export function withLog(
	retention: Partial<Retention>,
	test: (log: Log, storage: DurableObjectStorage) => void | Promise<void>,
): Promise<void> {
	return withStorage((storage) => test(new Log(storage, { events: 100, milliseconds: DAY, ...retention }), storage));
}

export function event(data: unknown = "x", rest: Partial<NewEvent> = {}): NewEvent {
	return newEvent({ data: JSON.stringify(data), ...rest });
}

export function events(count: number): NewEvent[] {
	return Array.from({ length: count }, (_, index) => event(index));
}

/** Appends events that everybody may see at once. */
export function publish(log: Log, count: number, now = NOW): void {
	log.append(events(count), now);
	log.reveal();
}

/** The places of the events after a position, counted from the start of the log. */
export function read(log: Log, after = 0, now = NOW): number[] {
	return [...log.read(after === 0 ? 0 : START + after, now)].map(({ offset }) => offset - START);
}

export function range(first: number, last: number): number[] {
	return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** What a log's work costs. */
export interface Counted {
	storage: LogStorage;
	rowsWritten(): number;
	rowsRead(): number;
	/** The characters of the longest value that a statement was given. */
	longestValue(): number;
}

export function counted(storage: DurableObjectStorage): Counted {
	let longest = 0;
	const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
	const { sql } = storage;
	const counting = new Proxy(sql, {
		get: (target, name) =>
			name === "exec"
				? (query: string, ...bindings: unknown[]) => {
						const cursor = target.exec(query, ...bindings);
						cursors.push(cursor);
						longest = Math.max(longest, ...bindings.map((value) => `${value}`.length));
						return cursor;
					}
				: Reflect.get(target, name, target),
	});
	return {
		storage: { sql: counting, transactionSync: (work) => storage.transactionSync(work) },
		rowsWritten: () => cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, 0),
		rowsRead: () => cursors.reduce((sum, cursor) => sum + cursor.rowsRead, 0),
		longestValue: () => longest,
	};
}
