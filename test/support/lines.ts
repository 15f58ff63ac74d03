import { vi } from "vitest";

/** A line of the service's log, and the method of the console that it was written with. */
export interface Line {
	method: "info" | "warn" | "error";
	text: string;
	fields: Record<string, unknown>;
}

/** What the service writes to the console from now on, instead of its being printed. */
export function watchLines(): Line[] {
	const lines: Line[] = [];
	for (const method of ["info", "warn", "error"] as const) {
		vi.spyOn(console, method).mockImplementation((text: string) => {
			lines.push({ method, text, fields: JSON.parse(text) as Line["fields"] });
		});
	}
	return lines;
}
