import type { EndReason } from "../wire/control.ts";
import type { Offset } from "../wire/offset.ts";

/** What a log needs of a Durable Object's storage. */
export type LogStorage = Pick<DurableObjectStorage, "sql" | "transactionSync">;

/** The row of the table `log`. */
export type LogRow = {
	born: number;
	start: number;
	/** How many events are retained. */
	capacity: number;
	/** Events before this offset are trimmed, because fewer were retained once. */
	floor: number;
	idle_since: number | null;
	ended: EndReason | null;
	lease: number | null;
	lease_due: number | null;
	/** The version of the tables. Absent in the first version, which had one row an event, in the table `events`. */
	layout?: number;
};

const LAYOUT = 1;

const CREATE_EVENT_GROUPS = `CREATE TABLE event_groups (
	first INTEGER PRIMARY KEY, last INTEGER NOT NULL, at INTEGER NOT NULL, events TEXT NOT NULL) STRICT`;

/** Creates the tables of a log. */
export function createTables({ sql }: LogStorage, born: Offset, capacity: number): void {
	sql.exec(CREATE_EVENT_GROUPS);
	sql.exec(`CREATE TABLE log (
		id INTEGER PRIMARY KEY CHECK (id = 0), born INTEGER NOT NULL, start INTEGER NOT NULL,
		capacity INTEGER NOT NULL, floor INTEGER NOT NULL, idle_since INTEGER, ended TEXT,
		lease INTEGER, lease_due INTEGER, layout INTEGER NOT NULL) STRICT`);
	sql.exec(
		"INSERT INTO log (id, born, start, capacity, floor, layout) VALUES (0, ?, ?, ?, 0, ?)",
		born,
		born,
		capacity,
		LAYOUT,
	);
}

/** Reads the row of the table `log`; `undefined` without a log. Brings the tables of an earlier version up to date. */
export function readTables(storage: LogStorage): LogRow | undefined {
	const [table] = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'log'");
	if (!table) return undefined;
	const row = readRow(storage);
	if (row.layout !== undefined) return row;
	storage.transactionSync(() => updateTables(storage));
	return readRow(storage);
}

function readRow({ sql }: LogStorage): LogRow {
	return sql.exec<LogRow>("SELECT * FROM log").one();
}

/** Makes a group of each event. The statement reads and writes one row at a time, whatever the size of the log. */
function updateTables({ sql }: LogStorage): void {
	sql.exec(CREATE_EVENT_GROUPS);
	sql.exec(`INSERT INTO event_groups (first, last, at, events)
		SELECT offset, offset, at,
			'{"type":' || json_quote(type) || coalesce(',"retry":' || retry, '') || coalesce(',"to":' || recipients, '') || '}'
			|| char(10) || data || char(10)
		FROM events`);
	sql.exec("DROP TABLE events");
	const columns = [
		"floor INTEGER NOT NULL DEFAULT 0",
		"ended TEXT",
		"lease INTEGER",
		"lease_due INTEGER",
		`layout INTEGER NOT NULL DEFAULT ${LAYOUT}`,
	];
	for (const column of columns) sql.exec(`ALTER TABLE log ADD COLUMN ${column}`);
}
