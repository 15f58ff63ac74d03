import type { PublishKey } from "../config.ts";
import type { User } from "./user.ts";

/** Somebody who publishes: a backend with a publish key, a user with a token, or another Worker through a service binding. */
export type Publisher = PublisherBase & ({ kind: "key" } | { kind: "user"; user: User } | { kind: "service" });

interface PublisherBase {
	/** Tells publishers apart without telling a key. */
	id: string;
	/** The channel patterns that the publisher may publish to. */
	patterns: readonly string[];
}

/**
 * The publisher that a key belongs to. Compares with every key, in constant time, so that the time tells nothing.
 *
 * @example
 * await findPublisher(token, config.PUBLISH_KEYS); // { kind: "key", id: "key:9f86d081", patterns: ["*"] }
 */
export async function findPublisher(token: string, keys: readonly PublishKey[]): Promise<Publisher | undefined> {
	const offered = await digest(token);
	const matches: PublishKey[] = [];
	for (const known of keys) {
		if (crypto.subtle.timingSafeEqual(offered, await digest(known.key))) matches.push(known);
	}
	if (matches.length === 0) return undefined;
	const id = `key:${new Uint8Array(offered).toHex().slice(0, 16)}`;
	return { kind: "key", id, patterns: matches.flatMap(({ patterns }) => patterns) };
}

/** Digests have one length, which is what a constant-time comparison needs. */
function digest(text: string): Promise<ArrayBuffer> {
	return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
