import { check } from "../check.ts";
import { describePlace, Problem } from "../errors.ts";
import { type PublishConditions, publishConditionsSchema } from "./conditions.ts";
import type { NewEvent } from "./event.ts";
import { acceptEvents, maxBodyBytes } from "./intake.ts";
import { keepSources, MAX_DEPTH, outlineJson } from "./json-text.ts";
import type { Receipt } from "./receipt.ts";

/** The messages over a publisher's WebSocket, and their answers. */

const FIELDS: readonly string[] = ["ref", "events", "idempotencyKey", "ifHead", "end"];
const HELP = 'Send one JSON object such as `{"ref":1,"events":[{"data":"hello"}]}`.';
const { idempotencyKey: keySchema, ifHead: headSchema, end: endSchema } = publishConditionsSchema.shape;

/**
 * Checks the form and the size of a message before anything is done with it.
 *
 * @throws Problem `invalid_request` or `payload_too_large`.
 */
export function publishMessageText(data: string | ArrayBuffer, maxEventBytes: number): string {
	if (typeof data !== "string") throw new Problem("invalid_request", `The message is binary. ${HELP}`);
	const max = maxBodyBytes(maxEventBytes);
	if (data.length <= max) return data;
	throw new Problem("payload_too_large", `The message has more than ${max} characters. Send fewer events in one.`);
}

/** A message that can be answered. Its other fields are not checked yet. */
interface PublishMessage {
	/** The number that the answer repeats. */
	ref: number;
	fields: Record<string, unknown>;
}

/**
 * Parses a message as far as it takes to answer it.
 *
 * @throws Problem `invalid_request` when it has no `ref`, so that no answer could say what it belongs to.
 *
 * @example
 * parsePublishMessage('{"ref":1,"events":[{"data":1e400}]}').ref; // 1
 */
export function parsePublishMessage(text: string): PublishMessage {
	const { isTooDeep, data } = outlineJson(text, "events");
	if (isTooDeep) {
		const detail = `The message is nested deeper than ${MAX_DEPTH} levels. Flatten it, or send the data as a string.`;
		throw new Problem("invalid_request", detail);
	}
	const fields = parseObject(text);
	const { ref, events } = fields;
	if (!Number.isSafeInteger(ref)) {
		throw new Problem("invalid_request", `The message has no \`ref\`, a whole number up to 2^53 - 1. ${HELP}`);
	}
	if (Array.isArray(events)) keepSources(events, data);
	return { ref: ref as number, fields };
}

function parseObject(text: string): Record<string, unknown> {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (cause) {
		throw new Problem("invalid_request", `The message is not JSON. ${HELP}`, { cause });
	}
	if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
	throw new Problem("invalid_request", `The message is not a JSON object. ${HELP}`);
}

/**
 * Checks what a message asks for.
 *
 * @throws Problem `invalid_request`, `invalid_event` or `payload_too_large`.
 */
export function checkPublishMessage(
	{ fields }: PublishMessage,
	maxEventBytes: number,
): { events: NewEvent[]; conditions: PublishConditions } {
	for (const name of Object.keys(fields)) {
		if (FIELDS.includes(name)) continue;
		const detail = `A message has no field ${describePlace([name])}. It has \`ref\`, \`events\`, \`idempotencyKey\`, \`ifHead\` and \`end\`.`;
		throw new Problem("invalid_request", detail);
	}
	const { idempotencyKey, ifHead } = fields;
	const end = check(endSchema, fields.end, "invalid_request") === true;
	const { events = end ? [] : undefined } = fields;
	if (!Array.isArray(events)) throw new Problem("invalid_request", `\`events\` must be a list of events. ${HELP}`);
	const conditions: PublishConditions = {
		...(idempotencyKey !== undefined && { idempotencyKey: check(keySchema, idempotencyKey, "invalid_request") }),
		...(ifHead !== undefined && { ifHead: check(headSchema, ifHead, "invalid_request") }),
		...(end && { end }),
	};
	return { events: acceptEvents(events, maxEventBytes, end), conditions };
}

/** The answer to a message whose events were stored, now or when it came before with the same idempotency key. */
export function storedAnswer(ref: number, { ids, subscribers }: Receipt): string {
	return JSON.stringify({ ref, ids, subscribers });
}

/**
 * The answer to a message that was refused.
 *
 * @param ref `null` when the message had none.
 */
export function refusedAnswer(ref: number | null, { code, detail, status }: Problem): string {
	return JSON.stringify({ ref, code, detail, status });
}
