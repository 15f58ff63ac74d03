import { init } from "echarts";
import type { FigureName } from "./figures.ts";
import type { Results } from "./results.ts";

const COLOURS: Record<string, string> = {
	tidings: "#1f6feb",
	nchan: "#2da44e",
	mercure: "#8250df",
	"mercure bolt": "#c297ff",
	centrifugo: "#cf222e",
	"better-sse": "#d29922",
};
const SERVERS = Object.keys(COLOURS);
const FEWEST = 10_000;

interface Group {
	label: string;
	at: readonly [name: string, variant: string];
	figure: FigureName;
	/** From the figure to deliveries per CPU second. */
	deliveries(value: number): number;
}

const GROUPS: Group[] = [
	{
		label: "one event at a time",
		at: ["lone", "1,000 subscribers"],
		figure: "cpuPerDelivery",
		deliveries: (microseconds) => 1e6 / microseconds,
	},
	...[100, 200, 500].map((rate) => steady(`${rate} a second`, ["stream", `${rate} events a second`])),
	steady("5,000, in batches", ["flood", "5,000 events a second"]),
];

function steady(label: string, at: Group["at"]): Group {
	return { label, at, figure: "deliveriesPerCpuSecond", deliveries: (value) => value };
}

/** Draws what a CPU second delivers, as an SVG. */
export function chart(results: Results): string {
	const drawing = init(null, null, { renderer: "svg", ssr: true, width: 960, height: 400 });
	drawing.setOption({
		animation: false,
		backgroundColor: "#ffffff",
		title: {
			text: "Deliveries per CPU second to 1,000 subscribers (logarithmic; more is better)",
			left: "center",
			textStyle: { fontSize: 14 },
		},
		legend: { bottom: 0, itemGap: 30, data: SERVERS },
		grid: { left: 20, right: 20, top: 50, bottom: 50, containLabel: true },
		xAxis: { type: "category", axisLabel: { interval: 0 }, data: GROUPS.map(({ label }) => label) },
		yAxis: { type: "log", min: FEWEST },
		series: SERVERS.map((server) => ({
			name: server,
			type: "bar",
			color: COLOURS[server],
			data: GROUPS.map(({ at: [name, variant], figure, deliveries }) => {
				const value = results.median(name, variant, server, figure);
				return value === undefined ? "-" : Math.round(deliveries(value));
			}),
		})),
	});
	const svg = drawing.renderToSVGString();
	drawing.dispose();
	return svg;
}
