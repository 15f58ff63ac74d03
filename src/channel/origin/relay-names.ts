/** The names of a channel's relays, on disk: the streams that they hold outlive this object. */
export class RelayNames {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	read(): string[] {
		const [table] = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'relays'");
		if (!table) return [];
		return Array.from(this.#sql.exec<{ name: string }>("SELECT name FROM relays"), ({ name }) => name);
	}

	add(name: string): void {
		this.#sql.exec("CREATE TABLE IF NOT EXISTS relays (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID");
		this.#sql.exec("INSERT OR IGNORE INTO relays (name) VALUES (?)", name);
	}

	delete(name: string): void {
		this.#sql.exec("DELETE FROM relays WHERE name = ?", name);
	}
}
