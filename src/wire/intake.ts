import { z } from "zod";
import { describeIssue, describePlace, Problem } from "../errors.ts";
import { holdsRounded, ROUNDED_HELP } from "./claims.ts";
import { type NewEvent, type Recipients, sentData } from "./event.ts";
import { type Json, toJson } from "./json.ts";
import { JsonText } from "./json-text.ts";
import { flawOf } from "./json-value.ts";
import { recipientSchema } from "./names.ts";
import { MAX_RETRY_MILLISECONDS } from "./retry.ts";

/** Types that cannot be published: those of control events, and `error` and `open`, which `EventSource` dispatches itself. */
const RESERVED_TYPES = [
	"connected",
	"gap",
	"expiring",
	"presence",
	"closing",
	"heartbeat",
	"ended",
	"error",
	"open",
] as const;
const MAX_TYPE_CHARACTERS = 64;
const MAX_CLAIMS = 16;
const MAX_BATCH = 100;
/** SQLite rows are limited to 2 MB. Data is stored as JSON, where escape sequences make it longer. */
const MAX_STORED_BYTES = 1_900_000;
/** The limit of everything that comes with one publish, whatever the limit of an event: an isolate has 128 MB in all. */
const MAX_BODY_BYTES = 16_777_216;
/** A batch has up to 100 events, and an event's JSON is longer than its data. */
const BODY_BYTES_PER_EVENT_BYTE = 128;
/** The maximum number of UTF-8 bytes per UTF-16 code unit (RFC 3629, section 3). */
export const MAX_BYTES_PER_CHARACTER = 3;

/**
 * A schema for the type of an event.
 *
 * @param help what to do about an empty or a reserved type, which depends on where the type is given.
 */
export function typeSchemaWith(help: { empty: string; reserved: string }) {
	return (
		z
			.string()
			.min(1, `must not be empty; ${help.empty}`)
			// Do not count the characters of a huge string: a character has at most two code units.
			.refine(
				(type) => type.length <= 2 * MAX_TYPE_CHARACTERS && [...type].length <= MAX_TYPE_CHARACTERS,
				`must have at most ${MAX_TYPE_CHARACTERS} characters`,
			)
			.regex(/^\P{Cc}*$/u, "must not contain control characters")
			.refine((type) => type.isWellFormed(), "must not contain a lone surrogate")
			.refine((type) => !RESERVED_TYPES.some((reserved) => reserved === type), {
				error: (issue) => `"${issue.input}" is reserved for the service; ${help.reserved}`,
			})
			// JSON Schema also counts code points.
			.meta({ maxLength: MAX_TYPE_CHARACTERS, not: { type: "string", enum: [...RESERVED_TYPES] } })
	);
}

export const typeSchema = typeSchemaWith({ empty: "leave it out for `message`", reserved: "choose another name" });

const claimNumberSchema = z
	.number()
	.min(Number.MIN_SAFE_INTEGER, ROUNDED_HELP)
	.max(Number.MAX_SAFE_INTEGER, ROUNDED_HELP);

const claimValueSchema = z.union([z.string(), claimNumberSchema, z.boolean(), z.null()], {
	// A number that is too large, such as 1e400, is parsed as Infinity.
	error: ({ input }) => (holdsRounded(input) ? ROUNDED_HELP : "must be a string, number, boolean or null"),
});

type Claims = Record<string, z.output<typeof claimValueSchema>>;

const claimsSchema = z
	.preprocess(
		(claims: Claims, context) => {
			const names = typeof claims === "object" && claims !== null ? Object.keys(claims) : [];
			// zod's records drop `__proto__`. A lost claim would widen the audience, so refuse it first.
			if (names.includes("__proto__")) context.addIssue("must not contain `__proto__`");
			if (names.length > MAX_CLAIMS) context.addIssue(`must have at most ${MAX_CLAIMS} claims`);
			return claims;
		},
		z.record(z.string(), claimValueSchema),
	)
	.refine((claims) => Object.keys(claims).length > 0, "must have at least one claim")
	.meta({ minProperties: 1, maxProperties: MAX_CLAIMS });

/** `to`: the recipients of an event. The user `*` is everyone, and thus the same as no `user`. */
const recipientsSchema = z
	.strictObject({
		user: recipientSchema.optional(),
		claims: claimsSchema.optional(),
	})
	.refine((to) => to.user !== undefined || to.claims !== undefined, "must have a `user`, `claims` or both")
	.meta({ minProperties: 1, description: "The recipients of the event. Default: all subscribers of the channel." });

const RETRY_HELP = `must be a whole number of milliseconds from 0 to ${MAX_RETRY_MILLISECONDS}`;

/** An event, as publishers send it. */
export const eventSchema = z
	.strictObject({
		type: typeSchema.default("message"),
		data: z
			.unknown()
			.optional()
			.meta({ description: "Any JSON value. A string is sent as it is, anything else as compact JSON." }),
		retry: z
			.int(RETRY_HELP)
			.min(0, RETRY_HELP)
			.max(MAX_RETRY_MILLISECONDS, RETRY_HELP)
			.optional()
			.meta({ description: "The reconnection time that clients should use from now on, in milliseconds." }),
		to: recipientsSchema.optional(),
	})
	.refine((event) => event.data !== undefined, { path: ["data"], error: "is missing; any JSON value will do" })
	.meta({ id: "Event", required: ["data"], examples: [{ type: "order", data: { id: 7, state: "paid" } }] });

/** Events that are stored atomically. `acceptEvents` validates each one separately, so that errors can give its index. */
export const batchSchema = z.array(eventSchema).min(1).max(MAX_BATCH).meta({ id: "Batch" });

/**
 * An event, as publishers write it.
 *
 * - `type`: 1 to 64 characters without control characters, and not a reserved type. Default: `message`.
 * - `data`: any JSON value. A string is sent as it is, anything else as compact JSON. A `Date` becomes an ISO 8601 string.
 *   Values that JSON cannot represent, such as a `Map` or `NaN`, are refused.
 * - `retry`: the reconnection time for clients, in milliseconds, at most an hour (WHATWG HTML, section 9.2). Default:
 *   unchanged.
 * - `to`: `{ user }`, `{ claims }` or both. Only matching subscribers receive the event, live and on replay. Default: all
 *   subscribers of the channel.
 *
 * @example
 * const event: EventInput = { type: "order", data: { id: 7 }, to: { claims: { role: "admin" } } };
 */
export type EventInput = z.input<typeof eventSchema>;

/**
 * Validates an event, or a batch of 1 to 100 events, and converts it to the form in which channels store events. An invalid
 * event makes the whole batch invalid.
 *
 * @param maxEventBytes the maximum size of an event's `data` and `to` together, in UTF-8 bytes.
 * @param mayBeEmpty whether a batch may have no events, as that of a publish that ends the channel may.
 * @throws Problem `invalid_event` or `payload_too_large`, with a detail that gives the index of the event.
 *
 * @example
 * acceptEvents({ type: "order", data: { id: 7 } }, 65_536); // [{ type: "order", data: '{"id":7}' }]
 */
export function acceptEvents(input: unknown, maxEventBytes: number, mayBeEmpty = false): NewEvent[] {
	if (!Array.isArray(input)) return [acceptEvent(input, "", maxEventBytes)];
	if (mayBeEmpty && input.length === 0) return [];
	checkCount(input.length);
	// Not `map()`, which skips holes.
	return Array.from(input, (each, index) => acceptEvent(each, `Event ${index} of the batch: `, maxEventBytes));
}

/** The maximum size of a publish as it comes, with all of its events. */
export function maxBodyBytes(maxEventBytes: number): number {
	return Math.min(MAX_BODY_BYTES, maxEventBytes * BODY_BYTES_PER_EVENT_BYTE);
}

/** @throws Problem `invalid_event` unless a batch can have this many events. */
export function checkCount(events: number): void {
	if (events >= 1 && events <= MAX_BATCH) return;
	throw new Problem("invalid_event", `A batch must contain 1 to ${MAX_BATCH} events. Split a larger batch.`);
}

/**
 * Validates one event, and converts it to the form in which channels store events.
 *
 * @param prefix what the details of a refusal begin with: which event it is, where there are others.
 * @throws Problem `invalid_event` or `payload_too_large`.
 */
export function acceptEvent(input: unknown, prefix: string, maxEventBytes: number): NewEvent {
	const checked = eventSchema.safeParse(input);
	if (!checked.success) throw new Problem("invalid_event", prefix + describeIssue(checked.error, "The event"));
	const { type, data, retry, to } = checked.data;
	const recipients = to && toRecipients(to);
	const event: NewEvent = {
		type,
		data: readData(data, prefix),
		...(retry !== undefined && { retry }),
		...(recipients && { to: recipients }),
	};
	checkSize(event, prefix, maxEventBytes);
	return event;
}

function checkSize(event: NewEvent, prefix: string, maxEventBytes: number): void {
	const characters = event.data.length + (event.to ? JSON.stringify(event.to).length : 0);
	// Fast path: most events are far below both limits, without encoding them.
	if (characters * MAX_BYTES_PER_CHARACTER <= Math.min(maxEventBytes, MAX_STORED_BYTES)) return;
	const bytes = byteSize(event);
	if (bytes > maxEventBytes) {
		throw new Problem(
			"payload_too_large",
			`${prefix}The event has ${bytes} bytes of data; at most ${maxEventBytes} are allowed (MAX_EVENT_BYTES, CHANNEL_RULES). Send a link to large content instead.`,
		);
	}
	if (utf8Bytes(event.data) > MAX_STORED_BYTES) {
		throw new Problem(
			"payload_too_large",
			`${prefix}The data is too large to be stored: it contains many characters that JSON must escape. Encode it, for example with Base64.`,
		);
	}
}

function readData(data: unknown, prefix: string): Json {
	const json = data instanceof JsonText ? data.compact() : stringify(data, prefix);
	if (isIllFormed(json)) {
		const detail = `${prefix}\`data\` contains a lone surrogate, which UTF-8 cannot encode. Send complete characters.`;
		throw new Problem("invalid_event", detail);
	}
	return json;
}

function stringify(data: unknown, prefix: string): Json {
	const flaw = flawOf(data);
	if (!flaw) return toJson(data);
	throw new Problem("invalid_event", `${prefix}${describePlace(["data", ...flaw.path])} ${flaw.problem}.`);
}

/** Whether the JSON is a string with a lone surrogate, which cannot be sent as it is. Within other JSON, it stays escaped. */
function isIllFormed(json: Json): boolean {
	return json.startsWith('"') && json.includes("\\ud") && !(JSON.parse(json) as string).isWellFormed();
}

function toRecipients(to: z.output<typeof recipientsSchema>): Recipients | undefined {
	const user = to.user === "*" ? undefined : to.user;
	if (user === undefined && to.claims === undefined) return undefined;
	return { ...(user !== undefined && { user }), ...(to.claims && { claims: to.claims }) };
}

function byteSize(event: NewEvent): number {
	return utf8Bytes(sentData(event)) + (event.to ? utf8Bytes(JSON.stringify(event.to)) : 0);
}

function utf8Bytes(text: string): number {
	return new TextEncoder().encode(text).byteLength;
}
