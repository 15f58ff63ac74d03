import uPlot from "uplot";
import { element } from "./page.ts";
import { Rates, SECONDS, type Second } from "./rates.ts";
import { count } from "./words.ts";

const HEIGHT = 110;
const FONT = "11px system-ui, sans-serif";
const SECONDS_AGO = Array.from({ length: SECONDS }, (_, index) => index - SECONDS);

/** Two charts of the last minute: the rate of events, and their delivery delay. */
export class Charts {
	readonly #rates = new Rates();
	readonly #rate = new Chart("rate-chart", "bars");
	readonly #delay = new Chart("delay-chart", "line");
	readonly #rateNow = element("rate", HTMLOutputElement);
	readonly #delayNow = element("delay", HTMLOutputElement);

	constructor() {
		setInterval(() => this.#show(this.#rates.read(Date.now())), 1000);
	}

	/** Counts an event. */
	add(delayMilliseconds: number | undefined): void {
		this.#rates.add(Date.now(), delayMilliseconds);
	}

	#show(seconds: readonly Second[]): void {
		const last = seconds.at(-1);
		const lastDelay = seconds.findLast(({ delayMilliseconds }) => delayMilliseconds !== null)?.delayMilliseconds;
		this.#rateNow.textContent = count(last?.events ?? 0);
		this.#delayNow.textContent = typeof lastDelay === "number" ? `${count(lastDelay)} ms` : "none";
		if (document.hidden) return;
		this.#rate.draw(seconds.map(({ events }) => events));
		this.#delay.draw(seconds.map(({ delayMilliseconds }) => delayMilliseconds));
	}
}

class Chart {
	readonly #place: HTMLElement;
	readonly #form: "bars" | "line";
	#values: (number | null)[] = SECONDS_AGO.map(() => null);
	#plot: uPlot | undefined;

	constructor(id: string, form: "bars" | "line") {
		this.#place = element(id, HTMLElement);
		this.#form = form;
		new ResizeObserver(() => this.#plot?.setSize({ width: this.#place.clientWidth, height: HEIGHT })).observe(
			this.#place,
		);
		// uPlot draws on a canvas, which does not follow the page's colour scheme.
		matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#rebuild());
		this.#rebuild();
	}

	draw(values: (number | null)[]): void {
		this.#values = values;
		this.#plot?.setData([SECONDS_AGO, values]);
	}

	#rebuild(): void {
		this.#plot?.destroy();
		this.#plot = new uPlot(this.#options(), [SECONDS_AGO, this.#values], this.#place);
	}

	#options(): uPlot.Options {
		const { accent, wash, line, muted } = colours();
		const axis = { font: FONT, stroke: muted, ticks: { show: false } } satisfies uPlot.Axis;
		const paths = this.#form === "bars" ? uPlot.paths.bars?.({ size: [0.7] }) : uPlot.paths.linear?.();
		const isBars = this.#form === "bars";
		return {
			width: this.#place.clientWidth,
			height: HEIGHT,
			padding: [10, 14, 0, 0],
			cursor: { show: false },
			legend: { show: false },
			scales: {
				x: { time: false, range: [-SECONDS - 0.5, -0.5] },
				// At least 1, so that an empty chart has an axis too.
				y: { range: (_, __, max) => [0, Math.max(1, (max ?? 0) * 1.15)] },
			},
			axes: [
				{
					...axis,
					size: 22,
					splits: [-60, -45, -30, -15, -1],
					values: ["60 s ago", "45", "30", "15", "now"],
					grid: { show: false },
				},
				{
					...axis,
					size: 38,
					space: 28,
					grid: { stroke: line, width: 1 },
					incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 60_000, 600_000],
				},
			],
			series: [
				{},
				{
					stroke: accent,
					width: isBars ? 0 : 1.5,
					fill: isBars ? accent : wash,
					points: { show: !isBars, size: 4, fill: accent, stroke: accent },
					spanGaps: false,
					...(paths && { paths }),
				},
			],
		};
	}
}

/** The page's colours in the current colour scheme. */
function colours() {
	const probe = document.createElement("i");
	document.body.append(probe);
	const read = (name: string) => {
		probe.style.color = `var(${name})`;
		return getComputedStyle(probe).color;
	};
	const found = { accent: read("--accent"), wash: read("--accent-wash"), line: read("--line"), muted: read("--muted") };
	probe.remove();
	return found;
}
