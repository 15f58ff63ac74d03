import { createParser, type EventSourceParser } from "eventsource-parser";
import { z } from "zod";
import { Problem } from "../../errors.ts";
import { readParameters } from "../../parameters.ts";
import { checkCount } from "../../wire/intake.ts";
import { mediaType, parseJson, readText } from "../body.ts";
import { check } from "../check.ts";

/** The forms in which events can be published, each read into what `acceptEvents` checks. */

/** No body may be larger, however large and many its events: an isolate has 128 MB for all that it does. */
const MAX_BODY_BYTES = 16_777_216;
/** A batch has up to 100 events, and their JSON is longer than their data. */
const BODY_BYTES_PER_EVENT_BYTE = 128;

/** A form has three fields. What has many more parts is refused before it is taken apart. */
const MAX_FORM_PARTS = 16;
const FORM_FIELDS = "A form has the fields `type`, `data` and `user`, and no others.";
const TWICE = "A form's field must not be given twice.";

/** An event as a form has it. The messages are whole sentences; what the fields may hold is checked with the event. */
export const formSchema = z
	.strictObject(
		{
			type: z.string(TWICE).optional().meta({ description: "The event's type. Default: `message`." }),
			user: z.string(TWICE).optional().meta({ description: "The subject that the event is for." }),
			data: z
				.string({ error: ({ input }) => (input === undefined ? "The form has no field `data`." : TWICE) })
				.meta({ description: "The event's data, as it is." }),
		},
		{
			error: ({ code }) => (code === "unrecognized_keys" ? FORM_FIELDS : undefined),
		},
	)
	.transform(({ user, ...event }) => ({ ...event, ...(user !== undefined && { to: { user } }) }));

/** The standard has such a line ignored, and with it what it was meant to say. */
const LATE_MARK = /(?:^|[\n\r])\ufeff/;

type Reader = (text: string, type: string | undefined, maxEventBytes: number) => unknown;

const FORMATS: ReadonlyMap<string, Reader> = new Map([
	["application/json", readJson],
	["application/x-www-form-urlencoded", readForm],
	["text/plain", withType],
	["text/event-stream", readFrames],
]);

/**
 * The events in a request's body, not yet checked.
 *
 * @param queryType the type in the query, for a body that cannot name it.
 * @throws Problem `unsupported_media_type`, `payload_too_large` or `invalid_event`.
 */
export async function readPublishBody(
	request: Request,
	maxEventBytes: number,
	queryType: string | undefined,
): Promise<unknown> {
	const type = mediaType(request);
	const read = type === undefined ? undefined : FORMATS.get(type);
	if (!read) {
		throw new Problem("unsupported_media_type", `Send one of the content types ${[...FORMATS.keys()].join(", ")}.`);
	}
	const text = await readText(
		request,
		Math.min(MAX_BODY_BYTES, maxEventBytes * BODY_BYTES_PER_EVENT_BYTE),
		"invalid_event",
	);
	if (text === "") throw new Problem("invalid_event", "The body is empty. Send the event in it.");
	return read(text, queryType, maxEventBytes);
}

/** Data is kept as it was written: parsed, `1e400` and 9007199254740993 would be other numbers. */
function readJson(text: string): unknown {
	const { value, data } = parseJson(text, "invalid_event");
	const events: unknown[] = Array.isArray(value) ? value : [value];
	if (Array.isArray(value)) checkCount(value.length);
	for (const [index, event] of events.entries()) {
		const json = data[index];
		if (json && typeof event === "object" && event !== null) Object.assign(event, { data: json });
	}
	return value;
}

function withType(data: string, type: string | undefined): unknown {
	return { data, ...(type !== undefined && { type }) };
}

function readForm(text: string): unknown {
	if (text.split("&", MAX_FORM_PARTS + 1).length > MAX_FORM_PARTS) throw new Problem("invalid_event", FORM_FIELDS);
	return check(formSchema, readParameters(text, "invalid_event", "form"), "invalid_event");
}

/** The frames of an event stream (WHATWG HTML, "Server-sent events"). The last one need not end with an empty line. */
function readFrames(text: string, _type: string | undefined, maxEventBytes: number): unknown {
	if (LATE_MARK.test(text)) {
		const detail = "A line begins with a byte order mark, which only the whole body may do. Leave it out.";
		throw new Problem("invalid_event", detail);
	}
	const events: unknown[] = [];
	let retry: number | undefined;
	const parser = createParser({
		// It has at least as many bytes as characters.
		maxBufferSize: maxEventBytes,
		onRetry: (milliseconds) => {
			retry = milliseconds;
		},
		onEvent: ({ event, data }) => {
			checkCount(events.length + 1);
			events.push({ ...(withType(data, event) as object), ...(retry !== undefined && { retry }) });
			retry = undefined;
		},
	});
	parser.feed(`${text}\n\n`);
	checkUnbroken(parser, maxEventBytes);
	if (events.length === 0) throw new Problem("invalid_event", "The body has no frame with a `data:` line.");
	return events;
}

/** A parser that has met too large a frame stops there, and refuses to go on. */
function checkUnbroken(parser: EventSourceParser, maxEventBytes: number): void {
	try {
		parser.feed("");
	} catch (cause) {
		const detail = `A frame has more than ${maxEventBytes} bytes of data, which are allowed (MAX_EVENT_BYTES). Send a link to what is large.`;
		throw new Problem("payload_too_large", detail, { cause });
	}
}
