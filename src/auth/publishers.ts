import type { PublishKey } from "../config.ts";
import type { User } from "./user.ts";

/** An authenticated publisher: a backend with a publish key, a user with a token, or a Worker with a service binding. */
export type Publisher = PublisherBase & ({ kind: "key" } | { kind: "user"; user: User } | { kind: "service" });

interface PublisherBase {
	/** Identifies the publisher without revealing its key: `key:` and a digest, `user:` and the subject, or `service`. */
	id: string;
	/** Channel patterns that it may publish to. */
	patterns: readonly string[];
}

const encoder = new TextEncoder();

/**
 * Finds the publisher with a key. Compares the token with every key in constant time, so that response times reveal
 * nothing about the keys.
 *
 * @example
 * await findPublisher(token, config.PUBLISH_KEYS); // { kind: "key", id: "key:9f86d081884c7d65", patterns: ["*"] }
 */
export async function findPublisher(token: string, keys: readonly PublishKey[]): Promise<Publisher | undefined> {
	const offered = encoder.encode(token);
	const matches = keys.filter((each) => constantTimeEqual(offered, bytesOf(each)));
	const [match] = matches;
	return match && { kind: "key", id: await cachedId(match), patterns: matches.flatMap(({ patterns }) => patterns) };
}

/** Whether a credential has the form of a publish key. Tokens and tickets contain dots, keys do not. */
export function isKeyLike(credential: string): boolean {
	return !credential.includes(".");
}

/** Takes the same time for all inputs of one length. The length of a key is not a secret. */
function constantTimeEqual(one: Uint8Array, other: Uint8Array): boolean {
	return one.byteLength === other.byteLength && crypto.subtle.timingSafeEqual(one, other);
}

const bytes = new WeakMap<PublishKey, Uint8Array>();

function bytesOf(publishKey: PublishKey): Uint8Array {
	const encoded = bytes.get(publishKey) ?? encoder.encode(publishKey.key);
	bytes.set(publishKey, encoded);
	return encoded;
}

const ids = new WeakMap<PublishKey, string>();

async function cachedId(publishKey: PublishKey): Promise<string> {
	const id = ids.get(publishKey) ?? (await digestId(publishKey.key));
	ids.set(publishKey, id);
	return id;
}

async function digestId(key: string): Promise<string> {
	const digest = await crypto.subtle.digest("SHA-256", encoder.encode(key));
	return `key:${new Uint8Array(digest).toHex().slice(0, 16)}`;
}
