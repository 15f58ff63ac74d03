import type { Audience } from "../audience/audience.ts";
import type { EndedSubscribers } from "../wire/calls.ts";

/** Ends the streams of a user, or one stream, with `revoked`. Returns how many were ended. */
export async function endMatching(audience: Audience, which: EndedSubscribers): Promise<number> {
	return await audience.endWhere(
		({ connection, subscription }) =>
			"user" in which ? subscription.user === which.user : connection === which.connection,
		"revoked",
	);
}
