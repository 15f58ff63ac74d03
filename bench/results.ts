import { type FigureName, type Figures, median } from "./figures.ts";

/** The figures of one round of a case on one server. */
export interface Measurement {
	case: string;
	variant: string;
	server: string;
	figures: Figures;
}

/** All rounds of all cases. */
export class Results {
	readonly measurements: Measurement[] = [];
	readonly failures: string[] = [];

	/** The cases that were measured. */
	get cases(): { name: string; variant: string; servers: string[] }[] {
		const groups = Object.groupBy(this.measurements, (each) => JSON.stringify([each.case, each.variant]));
		return Object.entries(groups).map(([key, measurements = []]) => {
			const [name, variant] = JSON.parse(key);
			return { name, variant, servers: [...new Set(measurements.map(({ server }) => server))] };
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
