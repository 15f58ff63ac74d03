/** Where subscribers are. */
export interface Region {
	/** The location hint of a Durable Object there. */
	name: string;
	/** The part of the subscribers. */
	share: number;
	/** Milliseconds from there to the origin and back. */
	roundTrip: number;
}

/** The origin is in `enam`. Assumed: subscribers all over the world, and round trips as the distances make them. */
export const REGIONS: Region[] = [
	{ name: "enam", share: 0.2, roundTrip: 5 },
	{ name: "wnam", share: 0.15, roundTrip: 70 },
	{ name: "sam", share: 0.05, roundTrip: 120 },
	{ name: "weur", share: 0.25, roundTrip: 80 },
	{ name: "eeur", share: 0.1, roundTrip: 110 },
	{ name: "apac", share: 0.2, roundTrip: 200 },
	{ name: "oc", share: 0.02, roundTrip: 220 },
	{ name: "me", share: 0.02, roundTrip: 150 },
	{ name: "afr", share: 0.01, roundTrip: 180 },
];

/** The region that is lost, and the one whose Workers its clients then reach. */
export const LOST = { region: 3, reaches: 4 };
