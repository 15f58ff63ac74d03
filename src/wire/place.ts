/**
 * Where the streams of a channel are held. The channel's own object, its origin, holds the first of them. A channel with
 * more streams than one object serves well has relays: objects of the same class that follow the origin's log.
 */

/** An object that holds streams of a channel. */
export interface Place {
	channel: string;
	/** The name of a relay, such as `weur/2` or `2`; absent: the origin. */
	relay?: string;
}

/**
 * The name of a place's Durable Object. That of the origin is the channel's. No channel's name holds a slash.
 *
 * @example
 * objectNameOf({ channel: "orders", relay: "weur/2" }); // "orders/weur/2"
 */
export function objectNameOf({ channel, relay }: Place): string {
	return relay === undefined ? channel : `${channel}/${relay}`;
}

/**
 * The place that a Durable Object's name stands for.
 *
 * @example
 * placeOf("orders/weur/2"); // { channel: "orders", relay: "weur/2" }
 * placeOf("orders"); // { channel: "orders" }
 */
export function placeOf(objectName: string): Place {
	const slash = objectName.indexOf("/");
	if (slash < 0) return { channel: objectName };
	return { channel: objectName.slice(0, slash), relay: objectName.slice(slash + 1) };
}

const NEAR = "Tidings-Near";
const WANTED = "Tidings-Wanted";

/** What a request for a new stream asks besides, in case that it is sent on. */
export interface Asking {
	/** Where the client is, so that a relay is made near it; `undefined` if nobody knows. */
	near: DurableObjectLocationHint | undefined;
	/** For how many new streams it asks: others wait for the answer. */
	wanted: number;
}

/** The headers of a request that asks. */
export function askingHeaders({ near, wanted }: Asking): Record<string, string> {
	return { [WANTED]: String(wanted), ...(near !== undefined && { [NEAR]: near }) };
}

/** Reads what {@link askingHeaders} carry. */
export function requestedAsking(request: Request): Asking {
	const near = (request.headers.get(NEAR) ?? undefined) as Asking["near"];
	return { near, wanted: Number(request.headers.get(WANTED) ?? 1) };
}

/** The region of a relay, in which its object is made; `undefined` if it may be anywhere. */
export function regionOf(relay: string): DurableObjectLocationHint | undefined {
	const [region, number] = relay.split("/");
	return number === undefined ? undefined : (region as DurableObjectLocationHint);
}

/** Where a place's object is made. It counts only when the object is reached for the first time. */
export function hintOf({ relay }: Pick<Place, "relay">): DurableObjectNamespaceGetDurableObjectOptions {
	const locationHint = relay === undefined ? undefined : regionOf(relay);
	return locationHint === undefined ? {} : { locationHint };
}

/** Misdirected Request (RFC 9110, section 15.5.20). */
const MISDIRECTED = 421;
const RELAY = "Tidings-Relay";
const SHARE = "Tidings-Share";

/** Where new streams are to be opened. */
export interface Destination {
	/** Absent: at the origin. */
	relay?: string;
	/** How many streams may be opened there, before the origin has to be asked again. */
	share: number;
}

/** The answer of a place that has no room for a new stream: another one has. */
export function movedTo({ relay = "", share }: Destination): Response {
	return new Response(null, { status: MISDIRECTED, headers: { [RELAY]: relay, [SHARE]: String(share) } });
}

/** Where a new stream is to be opened instead; `undefined` if the answer is none of {@link movedTo}. */
export function movedBy(response: Response): Destination | undefined {
	const relay = response.status === MISDIRECTED ? response.headers.get(RELAY) : null;
	if (relay === null) return undefined;
	const share = Number(response.headers.get(SHARE));
	return relay === "" ? { share } : { relay, share };
}
