import { check } from "../check.ts";
import { channelSchema, subjectSchema } from "../wire/names.ts";

/** @throws Problem `invalid_channel` unless it is a valid channel name. */
export function checkChannel(name: unknown): string {
	return check(channelSchema, name, "invalid_channel");
}

/** @throws Problem `invalid_request` unless it is a valid subject. */
export function checkSubject(subject: unknown): string {
	return check(subjectSchema, subject, "invalid_request", "The subject");
}
