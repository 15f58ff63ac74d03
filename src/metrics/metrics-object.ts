import { DurableObject } from "cloudflare:workers";
import { countsPoint, streamsPoint } from "./data-point.ts";
import { addTally, newTally, type Tally } from "./tally.ts";

/** What a Worker with metrics has in its environment. */
export interface MetricsEnv {
	/** The Durable Object namespace of the `Metrics` class. Without it, nothing is counted but in the channels. */
	METRICS?: DurableObjectNamespace<MetricsObject>;
	/** A dataset of Workers Analytics Engine, which gets what is counted by channel. */
	ANALYTICS?: AnalyticsEngineDataset;
}

/** What one place has counted since its last report. */
export interface Report {
	/** An isolate of the Worker, or a channel. */
	holder: string;
	/** How many open streams it holds. */
	streams: number;
	/** How long it can be believed to hold them without another report. */
	leaseMilliseconds: number;
	/** By channel; without a name, of several. */
	tallies: [channel: string, tally: Tally][];
}

/** What was counted, and what is open now. */
export interface Measures {
	tally: Tally;
	streams: number;
}

/** The Durable Object that adds up what the Worker's isolates and the channels report. There is one. */
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
		this.#forgetHolders();
		this.#tally = this.#readTally();
	}

	/** Takes in a report. */
	report({ holder, streams, leaseMilliseconds, tallies }: Report): void {
		for (const [, tally] of tallies) addTally(this.#tally, tally);
		if (tallies.length > 0) this.#keepTally();
		this.#keepHolder(holder, streams, Date.now() + leaseMilliseconds);
		const { ANALYTICS } = this.env;
		if (!ANALYTICS) return;
		for (const [channel, tally] of tallies) ANALYTICS.writeDataPoint(countsPoint(channel, tally));
		ANALYTICS.writeDataPoint(streamsPoint(holder, streams));
	}

	/** What was counted in all, since there is this object, and how many streams are open. */
	read(): Measures {
		this.#forgetHolders();
		const { streams } = this.#sql.exec<{ streams: number }>("SELECT TOTAL(streams) AS streams FROM holders").one();
		return { tally: this.#tally, streams };
	}

	#readTally(): Tally {
		const [row] = this.#sql.exec<{ tally: string }>("SELECT tally FROM total");
		const tally = newTally();
		if (row) addTally(tally, JSON.parse(row.tally) as Tally);
		return tally;
	}

	#keepTally(): void {
		const tally = JSON.stringify(this.#tally);
		this.#sql.exec("INSERT INTO total VALUES (0, ?) ON CONFLICT (id) DO UPDATE SET tally = excluded.tally", tally);
	}

	/** An isolate that dies says nothing any more. */
	#forgetHolders(): void {
		this.#sql.exec("DELETE FROM holders WHERE until <= ?", Date.now());
	}

	#keepHolder(holder: string, streams: number, until: number): void {
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
