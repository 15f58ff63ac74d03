import { init } from "echarts";
import type { FigureName } from "./figures.ts";
import type { Results } from "./results.ts";

const COLOURS: Record<string, string> = {
	tidings: "#1f6feb",
	floor: "#8b949e",
	"better-sse": "#d29922",
	nchan: "#2da44e",
};
const SERVERS = Object.keys(COLOURS);

interface Panel {
	title: string;
	figure: FigureName;
	axis: { type: "value" } | { type: "log"; min: number };
	bars: { label: string; name: string; variant: string }[];
}

const PANELS: Panel[] = [
	{
		title: "Deliveries per CPU second, 1,000 subscribers (log)",
		figure: "deliveriesPerCpuSecond",
		axis: { type: "log", min: 10_000 },
		bars: [
			{ label: "100/s", name: "stream", variant: "100 events a second" },
			{ label: "200/s", name: "stream", variant: "200 events a second" },
			{ label: "500/s", name: "stream", variant: "500 events a second" },
			{ label: "flood", name: "flood", variant: "5,000 events a second" },
		],
	},
	{
		title: "CPU µs per delivery of a lone event",
		figure: "cpuPerDelivery",
		axis: { type: "value" },
		bars: [
			{ label: "1,000", name: "lone", variant: "1,000 subscribers" },
			{ label: "4,000", name: "crowd", variant: "4,000 subscribers" },
			{ label: "8,000", name: "crowd", variant: "8,000 subscribers" },
		],
	},
];

/** Draws the two most telling figures as an SVG. */
export function chart(results: Results): string {
	const drawing = init(null, null, { renderer: "svg", ssr: true, width: 960, height: 380 });
	drawing.setOption({
		animation: false,
		backgroundColor: "#ffffff",
		legend: { bottom: 0, data: SERVERS },
		title: PANELS.map(({ title }, panel) => ({ text: title, left: left(panel), textStyle: { fontSize: 14 } })),
		grid: PANELS.map((_, panel) => ({ left: left(panel), width: "42%", top: 50, bottom: 60, containLabel: true })),
		xAxis: PANELS.map(({ bars }, gridIndex) => ({ gridIndex, type: "category", data: bars.map(({ label }) => label) })),
		yAxis: PANELS.map(({ axis }, gridIndex) => ({ gridIndex, ...axis })),
		series: PANELS.flatMap(({ figure, bars }, panel) =>
			SERVERS.map((server) => ({
				name: server,
				type: "bar",
				xAxisIndex: panel,
				yAxisIndex: panel,
				color: COLOURS[server],
				data: bars.map(({ name, variant }) => results.median(name, variant, server, figure) ?? "-"),
			})),
		),
	});
	const svg = drawing.renderToSVGString();
	drawing.dispose();
	return svg;
}

function left(panel: number): string {
	return `${2 + panel * 50}%`;
}
