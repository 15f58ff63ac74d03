import type { StoredEvent } from "./event.ts";
import type { Subscription } from "./subscription.ts";

/** What a subscriber's events are filtered by. */
type Filter = Pick<Subscription, "types" | "user" | "claims" | "anonymousFrom">;

/**
 * Whether a subscriber gets an event: its types and the event's recipients must both match. A client without credentials
 * gets only what is for everyone.
 *
 * @example
 * wants({ user: "alice", claims: {}, types: ["order"] }, { offset: 7, at: 0, type: "order", data: toJson(1) }); // true
 * wants({ user: "alice", claims: {} }, { offset: 7, at: 0, type: "order", data: toJson(1), to: { user: "bob" } }); // false
 */
export function wants({ types, user, claims, anonymousFrom }: Filter, { type, to }: StoredEvent): boolean {
	if (types && !types.includes(type)) return false;
	if (to === undefined) return true;
	if (anonymousFrom !== undefined) return false;
	if (to.user !== undefined && to.user !== user) return false;
	return Object.entries(to.claims ?? {}).every(([name, value]) => holds(claims, name, value));
}

/**
 * Selects the events that a subscriber gets.
 *
 * @returns `events` itself if all of them match.
 */
export function wantedOf(events: readonly StoredEvent[], filter: Filter): readonly StoredEvent[] {
	if (events.every((event) => wants(filter, event))) return events;
	return events.filter((event) => wants(filter, event));
}

function holds(claims: Record<string, unknown>, name: string, value: unknown): boolean {
	const claim = Object.hasOwn(claims, name) ? claims[name] : undefined;
	return claim === value || (Array.isArray(claim) && claim.includes(value));
}
