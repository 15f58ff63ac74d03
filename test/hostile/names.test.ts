import { describe, it } from "vitest";
import { covers, forSubject, maySubscribe, personalChannel } from "../../src/auth/grants.ts";
import { findStart } from "../../src/log/resume.ts";
import { Cursors, formatCursor, parseCursor } from "../../src/wire/cursor.ts";
import { channelSchema, isChannelPattern } from "../../src/wire/names.ts";
import { fc, nastyText } from "../support/property.ts";

const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), maxLength: 20 });
const nameText = fc.string({ unit: fc.constantFrom(..."aB0.:@~-_*{}|/ é"), maxLength: 12 });

describe("cursors", () => {
	it("are what the service wrote itself, or nothing", () => {
		fc.assert(
			fc.property(fc.oneof(nastyText, digits), (text) => {
				const offset = parseCursor(text);
				return offset === undefined || (Number.isSafeInteger(offset) && formatCursor(offset) === text);
			}),
			{ numRuns: 2000 },
		);
	});

	it("of several channels tell nothing but what stands in them", async () => {
		const channels = ["a", "b", "c"];
		const cursors = await Cursors.of(channels);
		const hashes = cursors
			.format(() => undefined)
			.split(".")
			.map((place) => place.slice(0, -1));
		const offset = fc.oneof(
			nastyText,
			fc.maxSafeNat().map((number) => number.toString(36)),
		);
		const place = fc.tuple(fc.constantFrom(...hashes, "deadbeef"), offset).map((parts) => parts.join(""));
		const likely = fc.array(place, { maxLength: 4 }).map((places) => places.join("."));
		await fc.assert(
			fc.asyncProperty(fc.oneof(nastyText, likely), async (text) => {
				const positions = await cursors.parse(text);
				const places = text.split(".");
				return [...positions].every(([channel, offset]) =>
					places.includes(`${hashes[channels.indexOf(channel)]}${offset.toString(36)}`),
				);
			}),
			{ numRuns: 2000 },
		);
	});

	it("lead to a place in the log, or to a gap, whatever they are", () => {
		const log = fc.tuple(fc.nat(1000), fc.nat(100), fc.nat(100)).map(([born, lost, kept]) => ({
			born,
			head: born + lost + kept,
			oldest: kept === 0 ? undefined : born + lost + 1,
			firstSince: () => undefined,
		}));
		fc.assert(
			fc.property(fc.oneof(nastyText, digits, fc.nat(1300).map(String)), log, (cursor, view) => {
				const meant = parseCursor(cursor);
				const request = meant === undefined ? { cursor } : { cursor, position: meant };
				const { position, cursor: told, resumed, gap } = findStart(request, view);
				const isInLog = position >= view.born && position <= view.head;
				const isExact = String(told) === cursor && position === Math.max(told, view.born);
				return isInLog && resumed === (gap === undefined) && (resumed ? isExact : gap?.after === cursor);
			}),
			{ numRuns: 1500 },
		);
	});
});

describe("grants", () => {
	it("never open somebody else's personal channel, unless they name it in full", () => {
		fc.assert(
			fc.property(
				fc.oneof(nastyText, nameText),
				fc.oneof(nastyText, nameText),
				fc.array(fc.oneof(nameText, fc.constantFrom("*", "user:*", "user:", "u*"))),
				(subject, other, grants) => {
					const channel = personalChannel(other);
					const isOwn = channel === personalChannel(subject);
					return isOwn || maySubscribe(subject, grants, channel) === grants.includes(channel);
				},
			),
			{ numRuns: 2000 },
		);
	});

	it("give every subject a channel of their own", () => {
		fc.assert(
			fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (one, other) => {
				const same = personalChannel(one) === personalChannel(other);
				return (
					same === (one.toWellFormed() === other.toWellFormed()) &&
					/^user:[A-Za-z0-9._:@~-]*$/.test(personalChannel(one))
				);
			}),
			{ numRuns: 1000 },
		);
	});

	it("that cover a pattern cover every channel under it", () => {
		fc.assert(
			fc.property(fc.array(nameText), nameText, nameText, (grants, prefix, rest) => {
				// What ends with an asterisk is a pattern, and no channel.
				fc.pre(!`${prefix}${rest}`.endsWith("*"));
				return !covers(grants, `${prefix}*`) || covers(grants, `${prefix}${rest}`);
			}),
			{ numRuns: 1000 },
		);
	});

	it("keep a subject from writing patterns into its own name", () => {
		fc.assert(
			fc.property(nastyText, (subject) => {
				const [pattern = ""] = forSubject(["room:{sub}"], subject);
				return !pattern.includes("*") && !pattern.includes("{");
			}),
			{ numRuns: 500 },
		);
	});

	it("know names from patterns", () => {
		fc.assert(
			fc.property(fc.oneof(nastyText, nameText), (text) => {
				return (
					!channelSchema.safeParse(text).success ||
					(isChannelPattern(text) && !text.includes("*") && encodeURI(text) === text)
				);
			}),
			{ numRuns: 1000 },
		);
	});
});
