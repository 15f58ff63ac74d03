import { z } from "zod";
import { describeIssue, describePlace, Problem } from "../errors.ts";
import { holdsRounded, ROUNDED_HELP } from "./claims.ts";
import { type NewEvent, type Recipients, sentData } from "./event.ts";
import { JsonText } from "./json-text.ts";
import { flawOf } from "./json-value.ts";
import { recipientSchema } from "./names.ts";
import { MAX_RETRY_MILLISECONDS } from "./retry.ts";

/** Types that nobody may publish: those of the control events, and two that `EventSource` has handlers of its own for. */
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
/** A row of SQLite holds 2 MB; data is stored as JSON, where escapes make it longer. */
const MAX_STORED_BYTES = 1_900_000;
/** UTF-8 takes at most three bytes for a UTF-16 code unit (RFC 3629, section 3). */
const MAX_BYTES_PER_CHARACTER = 3;

/** A type that an event may have. What to do about an empty or a reserved one depends on who names it. */
export function typeSchemaWith(help: { empty: string; reserved: string }) {
	return (
		z
			.string()
			.min(1, `must not be empty; ${help.empty}`)
			// Those of a long one are not counted: a character has at most two code units.
			.refine(
				(type) => type.length <= 2 * MAX_TYPE_CHARACTERS && [...type].length <= MAX_TYPE_CHARACTERS,
				`must have at most ${MAX_TYPE_CHARACTERS} characters`,
			)
			.regex(/^\P{Cc}*$/u, "must not hold control characters")
			.refine((type) => type.isWellFormed(), "must not hold half of a surrogate pair")
			.refine((type) => !RESERVED_TYPES.some((reserved) => reserved === type), {
				error: (issue) => `"${issue.input}" is reserved for the service; ${help.reserved}`,
			})
			// JSON Schema counts characters as it is done here, by code points.
			.meta({ maxLength: MAX_TYPE_CHARACTERS, not: { type: "string", enum: [...RESERVED_TYPES] } })
	);
}

export const typeSchema = typeSchemaWith({ empty: "leave it out for `message`", reserved: "choose another name" });

const claimNumberSchema = z
	.number()
	.min(Number.MIN_SAFE_INTEGER, ROUNDED_HELP)
	.max(Number.MAX_SAFE_INTEGER, ROUNDED_HELP);

const claimValueSchema = z.union([z.string(), claimNumberSchema, z.boolean(), z.null()], {
	// A number may be too large even to be one, as 1e400 is.
	error: ({ input }) => (holdsRounded(input) ? ROUNDED_HELP : "must be a string, number, boolean or null"),
});

type Claims = Record<string, z.output<typeof claimValueSchema>>;

const claimsSchema = z
	.preprocess(
		(claims: Claims, context) => {
			const names = typeof claims === "object" && claims !== null ? Object.keys(claims) : [];
			// A name that got lost on the way would widen the audience: records drop `__proto__`, so it is refused before.
			if (names.includes("__proto__")) context.addIssue("must not name `__proto__`");
			if (names.length > MAX_CLAIMS) context.addIssue(`must name at most ${MAX_CLAIMS} claims`);
			return claims;
		},
		z.record(z.string(), claimValueSchema),
	)
	.refine((claims) => Object.keys(claims).length > 0, "must name at least one claim")
	.meta({ minProperties: 1, maxProperties: MAX_CLAIMS });

/** `to`: whom an event is for. `"user": "*"` is everyone, and so the same as no `user`. */
const recipientsSchema = z
	.strictObject({
		user: recipientSchema.optional(),
		claims: claimsSchema.optional(),
	})
	.refine((to) => to.user !== undefined || to.claims !== undefined, "must name a `user` or `claims`")
	.meta({ minProperties: 1, description: "Whom the event is for. Default: everyone on the channel." });

const RETRY_HELP = `must be a whole number of milliseconds from 0 to ${MAX_RETRY_MILLISECONDS}`;

/** What a publisher sends: one event. */
export const eventSchema = z
	.strictObject({
		type: typeSchema.default("message"),
		data: z
			.unknown()
			.optional()
			.meta({ description: "Any JSON value. A text goes out as it is, anything else as compact JSON." }),
		retry: z
			.int(RETRY_HELP)
			.min(0, RETRY_HELP)
			.max(MAX_RETRY_MILLISECONDS, RETRY_HELP)
			.optional()
			.meta({ description: "The reconnection time for clients, in milliseconds." }),
		to: recipientsSchema.optional(),
	})
	.refine((event) => event.data !== undefined, { path: ["data"], error: "is missing; any JSON value will do" })
	.meta({ id: "Event", required: ["data"], examples: [{ type: "order", data: { id: 7, state: "paid" } }] });

/** Several events that are stored together. Each is checked by itself, so that an error can name its place. */
export const batchSchema = z.array(eventSchema).min(1).max(MAX_BATCH).meta({ id: "Batch" });

/**
 * An event as a publisher writes it.
 *
 * - `type`: at most 64 characters, no control characters, none of the reserved types; default `message`.
 * - `data`: any JSON value. A string goes out as it is, anything else as compact JSON. What JSON cannot hold, such as a
 *   `Map` or `NaN`, is refused; a `Date` is written as its ISO text.
 * - `retry`: the reconnection time for clients, in milliseconds, at most an hour (WHATWG HTML, "Server-sent events").
 * - `to`: `{ user }`, `{ claims }` or both; only matching subscribers get the event, live and on replay.
 *
 * @example
 * const event: EventInput = { type: "order", data: { id: 7 }, to: { claims: { role: "admin" } } };
 */
export type EventInput = z.input<typeof eventSchema>;

/**
 * Checks what a publisher sent, one event or a batch of 1 to 100, and gives each event the form in which channels keep it.
 * It is all or none: one bad event refuses the batch.
 *
 * @param maxEventBytes the most UTF-8 bytes that one event's `data` and `to` may take together.
 * @throws Problem `invalid_event` or `payload_too_large`, with a detail that names the place.
 *
 * @example
 * acceptEvents({ type: "order", data: { id: 7 } }, 65_536); // [{ type: "order", data: '{"id":7}' }]
 */
export function acceptEvents(input: unknown, maxEventBytes: number): NewEvent[] {
	if (!Array.isArray(input)) return [acceptEvent(input, "", maxEventBytes)];
	checkCount(input.length);
	// A list may have holes, which `map` would leave in it.
	return Array.from(input, (each, index) => acceptEvent(each, `Event ${index} of the batch: `, maxEventBytes));
}

/** @throws Problem `invalid_event` when no batch may hold so many events. */
export function checkCount(events: number): void {
	if (events >= 1 && events <= MAX_BATCH) return;
	throw new Problem("invalid_event", `A batch must hold 1 to ${MAX_BATCH} events. Split a larger one.`);
}

function acceptEvent(input: unknown, place: string, maxEventBytes: number): NewEvent {
	const checked = eventSchema.safeParse(input);
	if (!checked.success) throw new Problem("invalid_event", place + describeIssue(checked.error, "The event"));
	const { type, data, retry, to } = checked.data;
	const recipients = to && toRecipients(to);
	const event: NewEvent = {
		type,
		data: toJson(data, place),
		...(retry !== undefined && { retry }),
		...(recipients && { to: recipients }),
	};
	checkSize(event, place, maxEventBytes);
	return event;
}

function checkSize(event: NewEvent, place: string, maxEventBytes: number): void {
	const characters = event.data.length + (event.to ? JSON.stringify(event.to).length : 0);
	// Most events are far from both limits, and need not be counted.
	if (characters * MAX_BYTES_PER_CHARACTER <= Math.min(maxEventBytes, MAX_STORED_BYTES)) return;
	const bytes = byteSize(event);
	if (bytes > maxEventBytes) {
		throw new Problem(
			"payload_too_large",
			`${place}The event has ${bytes} bytes of data; at most ${maxEventBytes} are allowed (MAX_EVENT_BYTES). Send a link to what is large.`,
		);
	}
	if (utf8Bytes(event.data) > MAX_STORED_BYTES) {
		throw new Problem(
			"payload_too_large",
			`${place}Written as JSON, the data is too long to be stored: it has many characters that must be escaped. Encode it otherwise.`,
		);
	}
}

function toJson(data: unknown, place: string): string {
	const json = data instanceof JsonText ? data.compact() : stringify(data, place);
	if (isIllFormed(json)) {
		const detail = `${place}\`data\` holds half of a surrogate pair, which UTF-8 cannot. Send whole characters.`;
		throw new Problem("invalid_event", detail);
	}
	return json;
}

function stringify(data: unknown, place: string): string {
	const flaw = flawOf(data);
	if (!flaw) return JSON.stringify(data);
	throw new Problem("invalid_event", `${place}${describePlace(["data", ...flaw.path])} ${flaw.problem}.`);
}

/** Whether it is a text that cannot go out as it is. Within other JSON, halves of surrogate pairs stay escaped. */
function isIllFormed(json: string): boolean {
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
