import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { PUBLISH_KEY, Workerd } from "../../scripts/workerd.ts";

const JSON_TYPE = "application/json";
const FORM = "application/x-www-form-urlencoded";
const STREAM = "text/event-stream";
/** A linear reader works twice as long for twice the parts, a quadratic one four times. */
const MOST = 2.5;
/** What is measured is at least so much: less would be lost among what a request costs. */
const MEASURABLE_MILLISECONDS = 40;
const MOST_ROUNDS = 5;

let service: Workerd;

beforeAll(async () => {
	service = await Workerd.start({}, { built: inject("built") });
});

afterAll(() => service.stop());

interface Sent {
	path: string;
	method?: string;
	contentType?: string;
	body?: string;
}

async function send({ path, method = "POST", contentType, body }: Sent): Promise<void> {
	const headers = { Authorization: `Bearer ${PUBLISH_KEY}`, ...(contentType && { "Content-Type": contentType }) };
	const response = await fetch(service.url + path, { method, headers, ...(body !== undefined && { body }) });
	const text = await response.text();
	expect(response.status, text.slice(0, 1000)).toBeLessThan(500);
	expect(text.length).toBeLessThan(2000);
}

/** The processor's time that the service has taken, in milliseconds: a clock also counts what others take. */
function processorTime(): number {
	const tasks = `/proc/${service.pid}/task`;
	const nanoseconds = readdirSync(tasks).map((task) =>
		Number(readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ")[0]),
	);
	return nanoseconds.reduce((sum, each) => sum + each) / 1e6;
}

async function costOf(sent: Sent, times: number): Promise<number> {
	const before = processorTime();
	for (let sending = 0; sending < times; sending += 1) await send(sent);
	return processorTime() - before;
}

/** How often something has to be sent to be measured. */
async function measurableTimes(sent: Sent): Promise<number> {
	let times = 1;
	while ((await costOf(sent, times)) < MEASURABLE_MILLISECONDS) times *= 2;
	return times;
}

/** How much more work twice the parts are. The least counts, for memory is cleared at any time. */
async function growth(parts: number, make: (parts: number) => Sent): Promise<number> {
	const [once, twice] = [make(parts), make(2 * parts)];
	const times = await measurableTimes(once);
	let least = Number.POSITIVE_INFINITY;
	for (let round = 0; round < MOST_ROUNDS && least > MOST; round += 1) {
		const cost = await costOf(once, times);
		least = Math.min(least, (await costOf(twice, times)) / cost);
	}
	return least;
}

function publish(contentType: string, make: (parts: number) => string) {
	return (parts: number): Sent => ({ path: "/channels/linear/events", contentType, body: make(parts) });
}

const list = (parts: number, item: (index: number) => string) =>
	Array.from({ length: parts }, (_, i) => item(i)).join();
const claims = (parts: number) => `{${list(parts, (index) => `"c${index}":[]`)}}`;

describe.skipIf(process.platform !== "linux")(
	"what the service works for a body grows no faster than its parts",
	() => {
		it.each<[string, number, (parts: number) => Sent]>([
			["events of a batch", 60_000, publish(JSON_TYPE, (parts) => `[${list(parts, () => '{"data":1}')}]`)],
			["unknown fields", 30_000, publish(JSON_TYPE, (parts) => `{"data":1,${claims(parts).slice(1)}`)],
			["bad claims", 30_000, publish(JSON_TYPE, (parts) => `{"data":1,"to":{"claims":${claims(parts)}}}`)],
			["values in data", 200_000, publish(JSON_TYPE, (parts) => `{"data":[${list(parts, () => "1.0")}]}`)],
			["escaped texts in data", 80_000, publish(JSON_TYPE, (parts) => `{"data":[${list(parts, () => ' "\\n"')}]}`)],
			["backslashes in a text", 400_000, publish(JSON_TYPE, (parts) => `{"data":"${"\\\\".repeat(parts)}"}`)],
			["quotes in a text", 400_000, publish(JSON_TYPE, (parts) => `{"data":"${'\\"'.repeat(parts)}"}`)],
			["open brackets", 200_000, publish(JSON_TYPE, (parts) => `{"data":${"[".repeat(parts)}`)],
			["white space", 600_000, publish(JSON_TYPE, (parts) => `{"data":${" ".repeat(parts)}1}`)],
			[
				"fields of a form",
				40_000,
				publish(FORM, (parts) => `data=1&${list(parts, (index) => `f${index}=`).replaceAll(",", "&")}`),
			],
			["fields of a form that are the same", 40_000, publish(FORM, (parts) => "data=1&".repeat(parts))],
			["escapes in a form", 200_000, publish(FORM, (parts) => `data=${"%41".repeat(parts)}`)],
			["lines of a text", 600_000, publish("text/plain", (parts) => "\n".repeat(parts))],
			["line ends among frames, as LF", 600_000, publish(STREAM, (parts) => "\n".repeat(parts))],
			["line ends among frames, as CR", 600_000, publish(STREAM, (parts) => "\r".repeat(parts))],
			["line ends among frames, as CRLF", 300_000, publish(STREAM, (parts) => "\r\n".repeat(parts))],
			["frames", 30_000, publish(STREAM, (parts) => "data: 1\n\n".repeat(parts))],
			["frames that end with CR", 30_000, publish(STREAM, (parts) => "data: 1\r\r".repeat(parts))],
			["lines of a frame", 100_000, publish(STREAM, (parts) => "data: 1\n".repeat(parts))],
			["lines of a frame that end with CRLF", 80_000, publish(STREAM, (parts) => "data: 1\r\n".repeat(parts))],
			["unknown lines among frames", 100_000, publish(STREAM, (parts) => "x: 1\r".repeat(parts))],
			["digits of a retry", 300_000, publish(STREAM, (parts) => `retry: ${"9".repeat(parts)}\ndata: 1\n\n`)],
		])("%s", async (_, parts, make) => {
			expect(await growth(parts, make)).toBeLessThanOrEqual(MOST);
		});

		it.each<[string, number, (parts: number) => Sent]>([
			[
				"claims of a ticket",
				700,
				(parts) => {
					const body = `{"user":"alice","channels":["orders"],"claims":${claims(parts)}}`;
					return { path: "/tickets", contentType: JSON_TYPE, body };
				},
			],
			[
				"levels of a ticket's claims",
				3000,
				(parts) => ({
					path: "/tickets",
					contentType: JSON_TYPE,
					body: `{"claims":${"[".repeat(parts)}${"]".repeat(parts)}}`,
				}),
			],
			[
				"channels of a ticket",
				1500,
				(parts) => ({
					path: "/tickets",
					contentType: JSON_TYPE,
					body: `{"user":"alice","channels":[${list(parts, () => '"*"')}]}`,
				}),
			],
			["parameters of a query", 1000, (parts) => ({ path: `/events?${"type=a&".repeat(parts)}`, method: "GET" })],
		])("%s", async (_, parts, make) => {
			expect(await growth(parts, make)).toBeLessThanOrEqual(MOST);
		});
	},
);
