import { z } from "zod";
import type { Config } from "../../config.ts";
import { hasOneStart, ONE_START } from "../../wire/subscribe-schema.ts";
import { isAnonymous } from "../anonymous.ts";
import { CREDENTIAL_NAMES, channelParameter, once, streamShape } from "./stream-query.ts";

export const wsParameters = z.object({
	channel: channelParameter,
	...streamShape,
});

const HAS_CONTROL = "a WebSocket has control messages, which are told from events by their `type`";

/** Parameters of `GET /events` that would silently do nothing here. */
const ofEvents = {
	control: z.literal("1", once(`must be 1: ${HAS_CONTROL}`)).optional(),
	gap: z.never(`must be left out: ${HAS_CONTROL}`).optional(),
};

/** The query of `GET /ws`, for a client that sends no `auth`. */
export const wsQuery = {
	schema: z.object({ ...streamShape, ...ofEvents }).refine(hasOneStart, ONE_START),
	names: [...Object.keys({ ...wsParameters.shape, ...ofEvents }), ...CREDENTIAL_NAMES],
	/** As an `auth` calls it. */
	aliases: new Map([["cursor", "lastEventId"]]),
	told: () => ({ dialect: "message" }) as const,
};

/** Whether a request for a WebSocket says what it subscribes to, and who sends it, unless nobody needs to know. */
export function isComplete(request: Request, config: Config): boolean {
	const { searchParams } = new URL(request.url);
	const channels = searchParams.getAll("channel");
	const inbox = searchParams.get("inbox") === "1";
	return hasCredentials(request) ? channels.length > 0 || inbox : isAnonymous(config, { channels, inbox });
}

/** Whether a request for a WebSocket has credentials, good or not. */
export function hasCredentials({ url, headers }: Request): boolean {
	const { searchParams } = new URL(url);
	return headers.has("Authorization") || CREDENTIAL_NAMES.some((name) => searchParams.has(name));
}
