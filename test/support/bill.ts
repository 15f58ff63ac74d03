/** What a month costs: the arithmetic of docs/cost.md, from what test/channel/cost.test.ts counts. */

/** What Cloudflare counts of a channel's object. Setting an alarm is a row written, running it a request. */
export interface Cost {
	requests: number;
	/** Incoming WebSocket messages. */
	messages: number;
	rowsWritten: number;
	rowsRead: number;
}

export const COUNTED = {
	publish: { requests: 1, messages: 0, rowsWritten: 1, rowsRead: 2 },
	batchOfTen: { requests: 1, messages: 0, rowsWritten: 10, rowsRead: 20 },
	/** With an idempotency key, which costs another row when it is forgotten. */
	keyedPublish: { requests: 1, messages: 0, rowsWritten: 2, rowsRead: 2 },
	/** The first publish ever: it makes the tables. A stream is open. */
	firstPublish: { requests: 1, messages: 0, rowsWritten: 6, rowsRead: 5 },
	/** The opening of a stream of a channel that nothing was published to, where nobody is: it sets the alarm. */
	firstStream: { requests: 1, messages: 0, rowsWritten: 1, rowsRead: 1 },
	/** From its opening to the end of its credentials, of which it is warned; others are open all the while. */
	stream: { requests: 3, messages: 0, rowsWritten: 2, rowsRead: 1 },
	/** The same, of a stream without company: the channel writes down since when nobody is there. */
	loneStream: { requests: 3, messages: 0, rowsWritten: 5, rowsRead: 3 },
	/** Direct only: for all streams together. */
	heartbeat: { requests: 1, messages: 0, rowsWritten: 1, rowsRead: 0 },
	/** Hibernate only: what an object with a full log of 100 events reads when it has slept. */
	wake: { requests: 0, messages: 0, rowsWritten: 0, rowsRead: 104 },
	/** Hibernate only: a client has taken another 64 KiB. */
	taken: { requests: 0, messages: 1, rowsWritten: 0, rowsRead: 0 },
} satisfies Record<string, Cost>;

export const HEARTBEATS_IN_TEN_MINUTES = { 1: 30, 60: 25 };
export const TAKEN_BYTES = 65_536;

const MINUTES = 30 * 24 * 60;
const SECONDS = MINUTES * 60;
/** Tokens live for an hour: so often a client opens its stream anew. */
const OPENINGS = 30 * 24;
const EVENT_BYTES = 200;
const OBJECT_GIGABYTES = 0.128;
/** An object that has nothing to do for so long is unloaded. */
const SLEEP_SECONDS = 10;
/** Approximate: for the disk, and measured CPU time. */
const OBJECT_SECONDS = { request: 0.01, delivery: 25e-6 };
const WORKER_MILLISECONDS = { request: 1, write: 0.03 };

/** Dollars for a million, and how many a month are included. */
const PRICES = {
	workerRequests: { price: 0.3, included: 10e6 },
	objectRequests: { price: 0.15, included: 1e6 },
	rowsWritten: { price: 1, included: 50e6 },
	rowsRead: { price: 0.001, included: 25e9 },
	gigabyteSeconds: { price: 12.5, included: 400_000 },
	workerMilliseconds: { price: 0.02, included: 30e6 },
};
const MINIMUM = 5;
const MESSAGES_A_REQUEST = 20;

type Meter = keyof typeof PRICES;
type Usage = Record<Meter, number>;
type Delivery = "direct" | "hibernate";

interface Case {
	delivery: Delivery;
	subscribers: number;
	eventsPerMinute: 1 | 60;
}

/** What a channel that always has its subscribers uses in a month. */
function usageOf({ delivery, subscribers, eventsPerMinute }: Case): Usage {
	const sleeps = delivery === "hibernate";
	const events = MINUTES * eventsPerMinute;
	const deliveries = events * subscribers;
	const openings = OPENINGS * subscribers;
	const stream = subscribers === 1 ? COUNTED.loneStream : COUNTED.stream;
	const things = events + openings * stream.requests;
	const wakes = sleeps && SECONDS / things > SLEEP_SECONDS ? things : 0;
	const { requests, messages, rowsWritten, rowsRead } = sum([
		[events, COUNTED.publish],
		[openings, stream],
		[sleeps ? 0 : (MINUTES / 10) * HEARTBEATS_IN_TEN_MINUTES[eventsPerMinute], COUNTED.heartbeat],
		[wakes, COUNTED.wake],
		[sleeps ? (deliveries * EVENT_BYTES) / TAKEN_BYTES : 0, COUNTED.taken],
	]);
	const busySeconds =
		(things + wakes) * OBJECT_SECONDS.request + (deliveries + wakes * subscribers) * OBJECT_SECONDS.delivery;
	// Between events a minute apart, the Worker sends each client two heartbeats.
	const writes = deliveries + (eventsPerMinute === 1 ? 2 * MINUTES * subscribers : 0);
	return {
		workerRequests: events + openings,
		objectRequests: requests + messages / MESSAGES_A_REQUEST,
		rowsWritten,
		rowsRead,
		gigabyteSeconds: (sleeps ? busySeconds : SECONDS) * OBJECT_GIGABYTES,
		workerMilliseconds:
			(events + openings) * WORKER_MILLISECONDS.request + (sleeps ? writes * WORKER_MILLISECONDS.write : 0),
	};
}

function sum(parts: [number, Cost][]): Cost {
	const total = (part: keyof Cost) => parts.reduce((sum, [count, cost]) => sum + count * cost[part], 0);
	return {
		requests: total("requests"),
		messages: total("messages"),
		rowsWritten: total("rowsWritten"),
		rowsRead: total("rowsRead"),
	};
}

const METERS = Object.keys(PRICES) as Meter[];

/** What so many channels cost, were nothing included. */
function metered(example: Case, channels = 1): number {
	const usage = usageOf(example);
	return METERS.reduce((sum, meter) => sum + (channels * usage[meter] * PRICES[meter].price) / 1e6, 0);
}

/** What so many channels cost an account that has nothing else. */
function bill(example: Case, channels: number): number {
	const usage = usageOf(example);
	return METERS.reduce((sum, meter) => {
		const { price, included } = PRICES[meter];
		return sum + (Math.max(0, channels * usage[meter] - included) * price) / 1e6;
	}, MINIMUM);
}

function dollars(amount: number): string {
	const digits = amount < 1000 ? 2 : 0;
	return amount.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function millions(amount: number): string {
	return (amount / 1e6).toLocaleString("en-US", { minimumFractionDigits: 3, maximumFractionDigits: 3 });
}

const RATES = { 1: "a minute", 60: "a second" };
const EXAMPLES = [1, 1000].flatMap((subscribers) =>
	([1, 60] as const).map((eventsPerMinute) => ({ subscribers, eventsPerMinute })),
);
const DELIVERIES: Delivery[] = ["direct", "hibernate"];

function row(cells: string[]): string {
	return `| ${cells.join(" | ")} |`;
}

/** The rows of the table of what was counted. */
export function countedRows(): string[] {
	const names: Record<keyof typeof COUNTED, string> = {
		publish: "a publish of one event",
		batchOfTen: "a batch of 10 events",
		keyedPublish: "a publish of one event with an `Idempotency-Key`",
		firstPublish: "the first publish that a channel ever has, of one event",
		firstStream: "opening the first stream of a channel that nothing was published to",
		stream: "any other stream, from its opening to the end of its credentials",
		loneStream: "the same, where it is the channel's only stream",
		heartbeat: "`direct`: a heartbeat, for all streams of a channel together",
		wake: "`hibernate`: waking up, with a full log of 100 events",
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
