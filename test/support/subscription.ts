import type { Subscription } from "../../src/wire/subscription.ts";

/** A subscription of Alice's to the channel `orders` that ends in an hour, with whatever a test needs otherwise. */
export function subscriptionOf(overrides: Partial<Subscription> = {}): Subscription {
	const endsAt = overrides.endsAt ?? Date.now() + 3_600_000;
	return {
		connection: "c",
		channels: ["orders"],
		user: "alice",
		claims: {},
		dialect: "named",
		presence: false,
		maxBacklogBytes: 1000,
		expiresAt: endsAt,
		endsAt,
		issuedAt: 1000,
		...overrides,
	};
}
