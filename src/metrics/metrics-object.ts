import { DurableObject } from "cloudflare:workers";
import { countsPoint, streamsPoint } from "./data-point.ts";
import { addTally, newTally, type Tally } from "./tally.ts";

/** The bindings for metrics. Both are optional. */
export interface MetricsEnv {
	/** The Durable Object namespace of the `Metrics` class. Without it, only single channels have metrics. */
	METRICS?: DurableObjectNamespace<MetricsObject>;
	/** A dataset of Workers Analytics Engine that receives the counters of each channel. */
	ANALYTICS?: AnalyticsEngineDataset;
}

/** What an isolate of the Worker or a channel has counted since its last report. */
export interface Report {
	/** Identifies the reporter: `worker:` and the id of the isolate, or `channel:` and the name. */
	holder: string;
	/** How many streams it has open. */
	streams: number;
	/** How long these streams count as open without another report. */
	leaseMilliseconds: number;
	/** The counters by channel; `undefined` for the sum of the channels that are not listed. */
	tallies: [channel: string | undefined, tally: Tally][];
}

/** Counters, and the number of streams that are open now. */
export interface Measures {
	tally: Tally;
	streams: number;
}

/** The Durable Object that aggregates the reports of the Worker's isolates and of the channels. A service has only one. */
export class MetricsObject extends DurableObject<MetricsEnv> {
	readonly #sql: SqlStorage;
	readonly #tally: Tally;

	constructor(ctx: DurableObjectState, env: MetricsEnv) {
		super(ctx, env);
		this.#sql = ctx.storage.sql;
		this.#sql.exec(
			"CREATE TABLE IF NOT EXISTS total (id INTEGER PRIMARY KEY CHECK (id = 0), tally TEXT NOT NULL) STRICT",
		);
		this.#sql.exec(`CREATE TABLE IF NOT EXISTS holders (
			holder TEXT PRIMARY KEY, streams INTEGER NOT NULL, until INTEGER NOT NULL) STRICT, WITHOUT ROWID`);
		this.#expireHolders();
		this.#tally = this.#readTally();
	}

	/** Adds a report to the totals, and forwards it to Analytics Engine. */
	report({ holder, streams, leaseMilliseconds, tallies }: Report): void {
		for (const [, tally] of tallies) addTally(this.#tally, complete(tally));
		if (tallies.length > 0) this.#writeTally();
		this.#writeHolder(holder, streams, Date.now() + leaseMilliseconds);
		const { ANALYTICS } = this.env;
		if (!ANALYTICS) return;
		for (const [channel, tally] of tallies) ANALYTICS.writeDataPoint(countsPoint(channel, tally));
		ANALYTICS.writeDataPoint(streamsPoint(holder, streams));
	}

	/** Returns the totals since the object was created, and the number of open streams. */
	read(): Measures {
		this.#expireHolders();
		const { streams } = this.#sql.exec<{ streams: number }>("SELECT TOTAL(streams) AS streams FROM holders").one();
		return { tally: this.#tally, streams };
	}

	#readTally(): Tally {
		const [row] = this.#sql.exec<{ tally: string }>("SELECT tally FROM total");
		const tally = newTally();
		if (row) addTally(tally, complete(JSON.parse(row.tally) as Partial<Tally>));
		return tally;
	}

	#writeTally(): void {
		const tally = JSON.stringify(this.#tally);
		this.#sql.exec("INSERT INTO total VALUES (0, ?) ON CONFLICT (id) DO UPDATE SET tally = excluded.tally", tally);
	}

	/** Drops holders whose lease has expired: isolates die without a last report. */
	#expireHolders(): void {
		this.#sql.exec("DELETE FROM holders WHERE until <= ?", Date.now());
	}

	#writeHolder(holder: string, streams: number, until: number): void {
		if (streams === 0) {
			this.#sql.exec("DELETE FROM holders WHERE holder = ?", holder);
			return;
		}
		this.#sql.exec(
			`INSERT INTO holders VALUES (?, ?, ?)
			ON CONFLICT (holder) DO UPDATE SET streams = excluded.streams, until = excluded.until`,
			holder,
			streams,
			until,
		);
	}
}

/** A tally of another version of the service may lack what is counted now. */
function complete(tally: Partial<Tally>): Tally {
	return { ...newTally(), ...tally };
}
