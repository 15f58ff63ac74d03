import type { LiveReceipt } from "../wire/receipt.ts";
import { ask } from "./ask.ts";
import { readObject } from "./body.ts";
import { persist } from "./persistence.ts";
import type { PipeOptions } from "./pipe-options.ts";
import { type Pipeable, PipedBody } from "./piped-body.ts";
import { isLiveReceiptFor } from "./receipt.ts";
import { TidingsError } from "./tidings-error.ts";
import { unlessAborted } from "./unless-aborted.ts";

const MAX_LINGER_MILLISECONDS = 1000;
const MAX_LEASE_SECONDS = 3600;

/** A channel to publish to. */
interface Target {
	channel: string;
	/** The URL of the channel's events. */
	url: URL;
	key: string;
}

/**
 * Publishes what a stream brings, as it arrives, in one request.
 *
 * @throws TidingsError when the service refuses; what the stream throws; TypeError when the connection is lost, or for an
 * option that is none; the signal's reason.
 */
export async function pipe(
	{ channel, url, key }: Target,
	stream: Pipeable,
	{ end, lease, linger, idempotencyKey, contentType, signal }: PipeOptions,
): Promise<LiveReceipt> {
	checkWhole("lease", "seconds", lease, 1, MAX_LEASE_SECONDS);
	checkLinger(linger);
	url.searchParams.set("live", "1");
	if (end) url.searchParams.set("end", "1");
	if (lease !== undefined) url.searchParams.set("lease", `${lease}`);
	if (linger !== undefined) url.searchParams.set("linger", `${linger}`);
	const headers = new Headers({
		Authorization: `Bearer ${key}`,
		...(idempotencyKey !== undefined && { "Idempotency-Key": idempotencyKey }),
	});
	checkStreams(url);
	signal?.throwIfAborted();
	const abort = new AbortController();
	// A stream that fails breaks the request off: a body that just stops would look complete.
	const body = new PipedBody(stream, contentType, (error) => abort.abort(error));
	const stop = () => abort.abort(signal?.reason);
	signal?.addEventListener("abort", stop);
	try {
		headers.set("Content-Type", await unlessAborted(body.type(), abort.signal));
		const post = async () => {
			const request = { method: "POST", headers, body: body.open(), duplex: "half", signal: abort.signal };
			const response = await ask(url, [201], request);
			const told = await readObject(response);
			if (isLiveReceiptFor(channel, told)) return told;
			throw TidingsError.of(response);
		};
		return await persist(post, { signal, canRepeat: () => !body.isTaken });
	} catch (error) {
		throw abort.signal.aborted ? abort.signal.reason : error;
	} finally {
		signal?.removeEventListener("abort", stop);
		abort.abort();
		// Not awaited: a generator that is at work answers only when it has done. The publish is over, whatever it says then.
		void body.cancel().catch(() => {});
	}
}

/**
 * Some browsers send the text `[object ReadableStream]` for a stream, and say so by the type that a text has.
 *
 * @throws TypeError in these.
 */
function checkStreams(url: URL): void {
	const init = { method: "POST", body: new ReadableStream(), duplex: "half" };
	if (new Request(url, init).headers.has("Content-Type"))
		throw new TypeError("This browser cannot send a stream. Publish its events with `publish()`.");
}

/** @throws TypeError for a time to linger that the service would refuse. */
export function checkLinger(linger: number | undefined): void {
	checkWhole("linger", "milliseconds", linger, 0, MAX_LINGER_MILLISECONDS);
}

function checkWhole(name: string, unit: string, value: number | undefined, least: number, most: number): void {
	if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
	throw new TypeError(`\`${name}\` must be a whole number of ${unit} from ${least} to ${most}.`);
}
