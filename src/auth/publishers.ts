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
	const offered = new TextEncoder().encode(token);
	const matches = keys.filter(({ key }) => isSame(offered, new TextEncoder().encode(key)));
	const [match] = matches;
	return match && { kind: "key", id: await idOf(match), patterns: matches.flatMap(({ patterns }) => patterns) };
}

/** Whether a text may be a publish key. Tokens and tickets have dots, and no key has one. */
export function isKeyLike(credential: string): boolean {
	return !credential.includes(".");
}

/** Takes as long for any bytes of one length; how long a key is, is no secret. */
function isSame(offered: Uint8Array, known: Uint8Array): boolean {
	return offered.byteLength === known.byteLength && crypto.subtle.timingSafeEqual(offered, known);
}

const ids = new WeakMap<PublishKey, string>();

async function idOf(known: PublishKey): Promise<string> {
	const id = ids.get(known) ?? (await digestId(known.key));
	ids.set(known, id);
	return id;
}

async function digestId(key: string): Promise<string> {
	const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
	return `key:${new Uint8Array(digest).toHex().slice(0, 16)}`;
}
