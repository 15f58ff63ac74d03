import { decimal, dollars, row } from "../page-tables.ts";
import { bill, type Delivery, METERS, metered, meteredBy, meteredOf, usageOf, usageOfAnswers } from "./bill.ts";
import { COUNTED } from "./counted.ts";

/** The rows of the tables in docs/cost.md. */

function millions(amount: number): string {
	return decimal(amount / 1e6, 3);
}

const RATES = { 1: "a minute", 60: "a second" };
const EXAMPLES = [1, 1000].flatMap((subscribers) =>
	([1, 60] as const).map((eventsPerMinute) => ({ subscribers, eventsPerMinute })),
);
const DELIVERIES: Delivery[] = ["direct", "hibernate"];

/** The rows of the table of what was counted. */
export function countedRows(): string[] {
	const names: Record<keyof typeof COUNTED, string> = {
		publish: "a publish of one event",
		batchOfTen: "a batch of 10 events",
		keyedPublish: "a publish of one event with an `Idempotency-Key`",
		message: "a message over [a publisher's WebSocket](protocol.md#a-publisher-that-stays), with one event",
		publisher: "opening such a WebSocket with a publish key",
		firstPublish: "the first publish that a channel ever has, of one event",
		answer: "an answer in a channel of its own, live, with two readers until its end: all but its events",
		answerGroup: "its events that are stored together",
		firstStream: "opening the first stream of a channel that nothing was published to",
		stream: "any other stream, from its opening to the end of its credentials",
		loneStream: "the same, where it is the channel's only stream",
		heartbeat: "`direct`: a heartbeat, for all streams of a channel together",
		wake: "`hibernate`: waking up, with a log of any length",
		taken: "`hibernate`: a client has taken another 64 KiB of events",
	};
	return Object.entries(names).map(([key, name]) => {
		const { requests, messages, rowsWritten, rowsRead } = COUNTED[key as keyof typeof COUNTED];
		return row([name, ...[requests, messages, rowsWritten, rowsRead].map(String)]);
	});
}

/** The rows of the table of what one channel uses. */
export function usageRows(): string[] {
	return EXAMPLES.flatMap((example) =>
		DELIVERIES.map((delivery) => {
			const each = { ...example, delivery };
			const usage = usageOf(each);
			const { subscribers, eventsPerMinute } = example;
			return row([
				subscribers.toLocaleString("en-US"),
				RATES[eventsPerMinute],
				`\`${delivery}\``,
				...METERS.map((meter) => millions(usage[meter])),
				dollars(metered(each)),
			]);
		}),
	);
}

/** The rows of the table of what an account pays. */
export function billRows(): string[] {
	return [1, 1000, 100_000].flatMap((channels) =>
		EXAMPLES.map((example) =>
			row([
				channels.toLocaleString("en-US"),
				example.subscribers.toLocaleString("en-US"),
				RATES[example.eventsPerMinute],
				...DELIVERIES.flatMap((delivery) => {
					const each = { ...example, delivery };
					return [dollars(metered(each, channels)), dollars(bill(each, channels))];
				}),
			]),
		),
	);
}

/** The rows of the table of what a model's answers cost, for `linger` of a few lengths. */
export function answerRows(): string[] {
	return [0, 300, 1000].map((linger) => {
		const usage = usageOfAnswers(linger);
		const parts = METERS.map((meter) => dollars(meteredBy(meter, usage)));
		return row([linger === 0 ? "none" : `\`linger=${linger}\``, ...parts, dollars(meteredOf(usage))]);
	});
}
