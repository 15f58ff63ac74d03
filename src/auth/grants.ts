/**
 * Which channels a subject may open or publish to. Patterns are names (`orders`), prefixes (`chat:*`) or `*`.
 */

const PERSONAL = "user:";

/**
 * The personal channel of a subject. Bytes outside `A-Z a-z 0-9 . _ : @ -` become `~` and two hex digits.
 * A long subject can give a name that no channel may have.
 *
 * @example
 * personalChannel("auth0|1"); // "user:auth0~7C1"
 */
export function personalChannel(subject: string): string {
	return PERSONAL + escapeSubject(subject);
}

function escapeSubject(subject: string): string {
	let name = "";
	for (const byte of new TextEncoder().encode(subject)) {
		const character = String.fromCharCode(byte);
		name += /[A-Za-z0-9._:@-]/.test(character) ? character : `~${byte.toString(16).toUpperCase().padStart(2, "0")}`;
	}
	return name;
}

/**
 * Puts a subject into patterns that have a place for it.
 *
 * @example
 * forSubject(["user:{sub}", "public:*"], "alice"); // ["user:alice", "public:*"]
 */
export function forSubject(patterns: readonly string[], subject: string): string[] {
	const name = escapeSubject(subject);
	return patterns.map((pattern) => pattern.replaceAll("{sub}", name));
}

/**
 * Whether patterns cover a channel, or a narrower pattern.
 *
 * @example
 * covers(["chat:*"], "chat:7"); // true
 * covers(["chat:*"], "chat:7:*"); // true
 * covers(["chat:*"], "*"); // false
 */
export function covers(patterns: readonly string[], wanted: string): boolean {
	const prefix = wanted.endsWith("*") ? wanted.slice(0, -1) : wanted;
	return patterns.some((pattern) =>
		pattern.endsWith("*") ? prefix.startsWith(pattern.slice(0, -1)) : pattern === wanted,
	);
}

/**
 * Whether a subject with these grants may subscribe to a channel. A prefix never opens somebody else's personal
 * channel: only its full name does.
 *
 * @example
 * maySubscribe("alice", ["*"], "orders"); // true
 * maySubscribe("alice", ["*"], "user:bob"); // false
 */
export function maySubscribe(subject: string, grants: readonly string[], channel: string): boolean {
	if (channel.startsWith(PERSONAL) && channel !== personalChannel(subject)) return grants.includes(channel);
	return covers(grants, channel);
}
