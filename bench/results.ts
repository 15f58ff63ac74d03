import { type FigureName, type Figures, median } from "./figures.ts";

/** A case on one server. */
export interface Row {
	case: string;
	variant: string;
	server: string;
}

/** The figures of one round of a case on one server. */
export interface Measurement extends Row {
	figures: Figures;
}

/** All rounds of all cases. */
export class Results {
	readonly measurements: Measurement[] = [];
	/** What was not measured, as its server is not installed. */
	readonly notMeasured: Row[] = [];
	readonly failures: string[] = [];

	/** The cases, and the servers that are not left out. */
	get cases(): { name: string; variant: string; servers: string[] }[] {
		const rows: Row[] = [...this.measurements, ...this.notMeasured];
		const groups = Object.groupBy(rows, (each) => JSON.stringify([each.case, each.variant]));
		return Object.entries(groups).map(([key, rows = []]) => {
			const [name, variant] = JSON.parse(key);
			return { name, variant, servers: [...new Set(rows.map(({ server }) => server))] };
		});
	}

	/** The median of a figure over all rounds; `undefined` if it was not measured. */
	median(name: string, variant: string, server: string, figure: FigureName): number | undefined {
		const values = this.measurements
			.filter((each) => each.case === name && each.variant === variant && each.server === server)
			.flatMap(({ figures }) => figures[figure] ?? []);
		return values.length > 0 ? median(values) : undefined;
	}
}
