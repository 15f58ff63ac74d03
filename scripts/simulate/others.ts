import { EVENT_BYTES, MINUTES, SECONDS } from "../cost/bill.ts";
import { deliveriesOf } from "./load.ts";

/** What others ask for a channel whose subscribers stay all month. docs/scale.md has the sources. */

interface Crowd {
	subscribers: number;
	eventsPerMinute: 1 | 60;
}

/** Ably, by minutes and messages: at the price without a discount, and at the lowest that is published. */
const ABLY = { list: { message: 2.5e-6, minute: 1e-6 }, lowest: { message: 0.5e-6, minute: 0.2e-6 } };

export function ablyOf(crowd: Crowd, rate: keyof typeof ABLY): number {
	const { message, minute } = ABLY[rate];
	const messages = deliveriesOf(crowd) + MINUTES * crowd.eventsPerMinute;
	return messages * message + crowd.subscribers * MINUTES * minute;
}

/** PubNub, by transactions. */
const PUBNUB = { publish: 0.000123, receive: 0.000033 };

export function pubnubOf(crowd: Crowd): number {
	return deliveriesOf(crowd) * PUBNUB.receive + MINUTES * crowd.eventsPerMinute * PUBNUB.publish;
}

/** Centrifugo's own test: CPUs for connections without messages, and what each delivery adds. */
const CENTRIFUGO = { cpus: 10e-6, delivery: 30 / 500_000, bytes: 30_000 };
/** A CPU for a month, and what leaves for clients: GB up to which a price holds. */
const CPU_MONTH = (0.0816 / 2) * 720;
const TRAFFIC = [
	{ to: 100, price: 0 },
	{ to: 10_000, price: 0.09 },
	{ to: 50_000, price: 0.085 },
	{ to: 150_000, price: 0.07 },
	{ to: Number.POSITIVE_INFINITY, price: 0.05 },
];

/** What a cluster needs, and its price on machines that are rented. */
export function centrifugoOf(crowd: Crowd): { cpus: number; gigabytes: number; machines: number; traffic: number } {
	const deliveries = deliveriesOf(crowd);
	const cpus = Math.max(
		1,
		Math.ceil(crowd.subscribers * CENTRIFUGO.cpus + (deliveries / SECONDS) * CENTRIFUGO.delivery),
	);
	const sent = (deliveries * EVENT_BYTES) / 1e9;
	let from = 0;
	let traffic = 0;
	for (const { to, price } of TRAFFIC) {
		traffic += Math.max(0, Math.min(sent, to) - from) * price;
		from = to;
	}
	return { cpus, gigabytes: (crowd.subscribers * CENTRIFUGO.bytes) / 1e9, machines: cpus * CPU_MONTH, traffic };
}
