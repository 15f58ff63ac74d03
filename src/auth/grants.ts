import { coversPattern, PERSONAL_PREFIX } from "../wire/names.ts";

/**
 * Grants: the channel patterns that a subject may subscribe or publish to. A pattern is a channel name (`orders`), a
 * prefix (`chat:*`), or `*` for every channel.
 */

/**
 * Returns the name of a subject's personal channel. Each byte outside `A-Z a-z 0-9 . _ : @ -` is escaped as `~` and two
 * hexadecimal digits. The name of a long subject can exceed the 128 characters of a valid channel name.
 *
 * @example
 * personalChannel("auth0|1"); // "user:auth0~7C1"
 */
export function personalChannel(subject: string): string {
	return PERSONAL_PREFIX + escapeSubject(subject);
}

function escapeSubject(subject: string): string {
	let escaped = "";
	for (const byte of new TextEncoder().encode(subject)) {
		const character = String.fromCharCode(byte);
		escaped += /[A-Za-z0-9._:@-]/.test(character) ? character : `~${byte.toString(16).toUpperCase().padStart(2, "0")}`;
	}
	return escaped;
}

/**
 * Replaces the placeholder `{sub}` in patterns with the escaped subject.
 *
 * @example
 * forSubject(["user:{sub}", "public:*"], "alice"); // ["user:alice", "public:*"]
 */
export function forSubject(patterns: readonly string[], subject: string): string[] {
	const escaped = escapeSubject(subject);
	return patterns.map((pattern) => pattern.replaceAll("{sub}", escaped));
}

/**
 * Whether any of the patterns matches a channel, or every channel that a narrower pattern matches.
 *
 * @example
 * covers(["chat:*"], "chat:7"); // true
 * covers(["chat:*"], "chat:7:*"); // true
 * covers(["chat:*"], "*"); // false
 */
export function covers(patterns: readonly string[], wanted: string): boolean {
	return patterns.some((pattern) => coversPattern(pattern, wanted));
}

/**
 * Whether a subject with these grants may subscribe to a channel. Wildcards never match another subject's personal
 * channel: only a grant of its full name does.
 *
 * @example
 * maySubscribe("alice", ["*"], "orders"); // true
 * maySubscribe("alice", ["*"], "user:bob"); // false
 */
export function maySubscribe(subject: string, grants: readonly string[], channel: string): boolean {
	if (channel.startsWith(PERSONAL_PREFIX) && channel !== personalChannel(subject)) return grants.includes(channel);
	return covers(grants, channel);
}
