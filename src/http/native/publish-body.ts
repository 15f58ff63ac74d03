import { z } from "zod";
import { check } from "../../check.ts";
import { Problem } from "../../errors.ts";
import { readParameters } from "../../parameters.ts";
import { type FrameEvent, FrameParser } from "../../wire/frame-parser.ts";
import { checkCount, maxBodyBytes } from "../../wire/intake.ts";
import { keepSources } from "../../wire/json-text.ts";
import { mediaType, parseJson, readText } from "../body.ts";

/** Reads the body formats of a publish. `acceptEvents` then checks the events. */

/** A form has three fields. A form with many more parts is refused before it is parsed. */
const MAX_FORM_PARTS = 16;
const FORM_FIELDS = "A form can have the fields `type`, `data` and `user` only.";
const TWICE = "A field of the form is given twice. Send each field once.";

/** An event as a form. The messages are whole sentences. The values of the fields are checked with the event. */
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

type Reader = (text: string, type: string | undefined, maxEventBytes: number) => unknown;

const FORMATS: ReadonlyMap<string, Reader> = new Map([
	["application/json", readJson],
	["application/x-www-form-urlencoded", readForm],
	["text/plain", withType],
	["text/event-stream", readFrames],
]);

/**
 * Reads the events in the body of a publish. They are not checked yet.
 *
 * @param queryType the event type in the query, for `text/plain`, which cannot name one.
 * @param mayBeEmpty whether the body may be empty, and then of any type: it is an empty batch.
 * @throws Problem `unsupported_media_type`, `payload_too_large` or `invalid_event`.
 */
export async function readPublishBody(
	request: Request,
	maxEventBytes: number,
	queryType: string | undefined,
	mayBeEmpty: boolean,
): Promise<unknown> {
	// A body of a type that is not accepted is not read.
	const known = mayBeEmpty ? undefined : readerOf(request);
	const text = await readText(request, maxBodyBytes(maxEventBytes), "invalid_event");
	if (text === "" && mayBeEmpty) return [];
	if (text === "") throw new Problem("invalid_event", "The body is empty. Send the event in it.");
	const read = known ?? readerOf(request);
	return read(text, queryType, maxEventBytes);
}

function readerOf(request: Request): Reader {
	const type = mediaType(request);
	const reader = type === undefined ? undefined : FORMATS.get(type);
	if (reader) return reader;
	throw new Problem("unsupported_media_type", `Send one of the content types ${[...FORMATS.keys()].join(", ")}.`);
}

function readJson(text: string): unknown {
	const { value, data } = parseJson(text, "invalid_event");
	if (Array.isArray(value) && value.length > 0) checkCount(value.length);
	keepSources(Array.isArray(value) ? value : [value], data);
	return value;
}

function withType(data: string, type: string | undefined): unknown {
	return { data, ...(type !== undefined && { type }) };
}

function readForm(text: string): unknown {
	if (text.split("&", MAX_FORM_PARTS + 1).length > MAX_FORM_PARTS) throw new Problem("invalid_event", FORM_FIELDS);
	return check(formSchema, readParameters(text, "invalid_event", "form"), "invalid_event");
}

/** Reads the frames of an event stream. The last frame may lack its blank line. */
function readFrames(text: string, _type: string | undefined, maxEventBytes: number): unknown {
	const events: FrameEvent[] = [];
	const parser = new FrameParser(maxEventBytes, (event) => {
		checkCount(events.length + 1);
		events.push(event);
	});
	parser.feed(text);
	parser.end();
	if (events.length === 0)
		throw new Problem("invalid_event", "The body has no frame with a `data:` line. Send at least one.");
	return events;
}
