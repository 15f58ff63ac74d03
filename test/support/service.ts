import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { readConfig, type SettingsEnv } from "../../src/config.ts";
import { createTidings, type TidingsEnv } from "../../src/index.ts";
import { objectNameOf, type Place } from "../../src/wire/place.ts";
import { publishingWith } from "./calls.ts";
import { checkDescribed } from "./description.ts";
import { SseReader } from "./sse.ts";

/** The service under test, as a client meets it. */

export { problem } from "./calls.ts";

export const PUBLISH_KEY = (env as SettingsEnv).PUBLISH_KEYS as string;
const ORIGIN = "http://tidings.test";

/** Sends a request. No error may come that is not described for its route. */
export async function call(path: string, init?: RequestInit): Promise<Response> {
	const request = new Request(ORIGIN + path, init);
	const response = await exports.default.fetch(request);
	await checkDescribed(request, response);
	return response;
}

/** A request to the same service with other settings. */
export async function callWith(settings: Partial<TidingsEnv>, path: string, init?: RequestInit): Promise<Response> {
	return await createTidings().app.request(path, init, { ...env, ...settings });
}

/** Opens a stream that must succeed. */
export async function subscribe(path: string, token: string, headers: HeadersInit = {}): Promise<SseReader> {
	const response = await call(path, { headers: { Authorization: `Bearer ${token}`, ...headers } });
	if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
	return new SseReader(response);
}

/** Publishes with the publish key. */
export const { publish, published } = publishingWith(call, PUBLISH_KEY);

const { DELIVERY, CROWD_SIZE: crowdSize } = readConfig(env as SettingsEnv);
/** Whether channels sleep while their streams are open. */
export const CHANNELS_SLEEP = DELIVERY === "hibernate";
/** How many streams of a channel one object holds. */
export const CROWD_SIZE = crowdSize;

/** Has a channel's object forget all that is in memory, as it does when it sleeps. It does not while relays follow it. */
export async function evict(channel: string): Promise<void> {
	const channelObject = env.CHANNEL.getByName(channel);
	if ((await channelObject.state()).relays > 0) return;
	// While it has a report of its counters to send, it cannot be evicted: each attempt waits for a second.
	for (let attempt = 1; attempt < 5; attempt += 1) {
		try {
			return await evictDurableObject(channelObject);
		} catch {}
	}
	await evictDurableObject(channelObject);
}

/** Has an object of a channel die, in the middle of whatever it does. */
export async function abort(place: Place): Promise<void> {
	const message = "A test has this object die.";
	const dying = runInDurableObject(env.CHANNEL.getByName(objectNameOf(place)), (_, state) => state.abort(message));
	await dying.catch((error: Error) => {
		if (error.message !== message) throw error;
	});
}

let channels = 0;

/** A channel that no other test uses. */
export function freshChannel(prefix = "chat:"): string {
	channels += 1;
	return `${prefix}${channels}-${crypto.randomUUID().slice(0, 8)}`;
}
