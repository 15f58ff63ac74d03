import { z } from "zod";
import { describeIssue, Problem } from "../errors.ts";
import { recipientSchema } from "../names.ts";
import { type NewEvent, type Recipients, sentData } from "./event.ts";

/** Types that only the service itself sends; publishing one is refused. */
const RESERVED_TYPES = ["connected", "gap", "closing", "expiring", "presence"] as const;
const MAX_TYPE_CHARACTERS = 64;
const MAX_CLAIMS = 16;
const MAX_BATCH = 100;
/** A row of SQLite holds 2 MB; data is stored as JSON, where escapes make it longer. */
const MAX_STORED_BYTES = 1_900_000;
/** UTF-8 takes at most three bytes for a UTF-16 code unit (RFC 3629, section 3). */
const MAX_BYTES_PER_CHARACTER = 3;

export const typeSchema = z
	.string()
	.min(1, "must not be empty; leave it out for `message`")
	.refine((type) => [...type].length <= MAX_TYPE_CHARACTERS, `must have at most ${MAX_TYPE_CHARACTERS} characters`)
	.regex(/^\P{Cc}*$/u, "must not hold control characters")
	.refine((type) => !RESERVED_TYPES.some((reserved) => reserved === type), {
		error: (issue) => `"${issue.input}" is reserved for the service; choose another name`,
	})
	// JSON Schema counts characters as it is done here, by code points.
	.meta({ maxLength: MAX_TYPE_CHARACTERS, not: { type: "string", enum: [...RESERVED_TYPES] } });

const claimValueSchema = z.union(
	[z.string(), z.number(), z.boolean(), z.null()],
	"must be a string, number, boolean or null",
);

type Claims = Record<string, z.output<typeof claimValueSchema>>;

const claimsSchema = z
	.preprocess(
		// A name that got lost on the way would widen the audience: records drop `__proto__`, so it is refused before.
		(claims: Claims, context) => {
			if (Object.hasOwn(Object(claims), "__proto__")) context.addIssue("must not name `__proto__`");
			return claims;
		},
		z.record(z.string(), claimValueSchema),
	)
	.refine((claims) => Object.keys(claims).length > 0, "must name at least one claim")
	.refine((claims) => Object.keys(claims).length <= MAX_CLAIMS, `must name at most ${MAX_CLAIMS} claims`)
	.meta({ minProperties: 1, maxProperties: MAX_CLAIMS });

/** `to`: whom an event is for. `"user": "*"` is everyone, and so the same as no `user`. */
const recipientsSchema = z
	.strictObject({
		user: recipientSchema.optional(),
		claims: claimsSchema.optional(),
	})
	.refine((to) => to.user !== undefined || to.claims !== undefined, "must name a `user` or `claims`")
	.meta({ minProperties: 1, description: "Whom the event is for. Default: everyone on the channel." });

/** What a publisher sends: one event. */
export const eventSchema = z
	.strictObject({
		type: typeSchema.default("message"),
		data: z
			.unknown()
			.optional()
			.meta({ description: "Any JSON value. A text goes out as it is, anything else as compact JSON." }),
		retry: z
			.int("must be a whole number of milliseconds")
			.min(0)
			.max(2_147_483_647)
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
 * - `data`: any JSON value. A string goes out as it is, anything else as compact JSON.
 * - `retry`: the reconnection time for clients, in milliseconds (WHATWG HTML, "Server-sent events").
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
	const inputs = Array.isArray(input) ? input : [input];
	if (inputs.length < 1 || inputs.length > MAX_BATCH) {
		throw new Problem("invalid_event", `A batch holds 1 to ${MAX_BATCH} events; this one has ${inputs.length}.`);
	}
	return inputs.map((each, index) => {
		const place = Array.isArray(input) ? `Event ${index} of the batch: ` : "";
		return acceptEvent(each, place, maxEventBytes);
	});
}

function acceptEvent(input: unknown, place: string, maxEventBytes: number): NewEvent {
	const checked = eventSchema.safeParse(input);
	if (!checked.success) throw new Problem("invalid_event", place + describeIssue(checked.error, "The event"));
	const { type, data, retry, to } = checked.data;
	const recipients = to && toRecipients(to);
	const event: NewEvent = {
		type: type.toWellFormed(),
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
	const problem = `${place}\`data\` cannot be written as JSON.`;
	let text: string | undefined;
	try {
		text = JSON.stringify(typeof data === "string" ? data.toWellFormed() : data);
	} catch (cause) {
		throw new Problem("invalid_event", problem, { cause });
	}
	if (text === undefined) throw new Problem("invalid_event", problem);
	return text;
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
