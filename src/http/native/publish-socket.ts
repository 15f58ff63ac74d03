import { z } from "zod";
import type { Publisher } from "../../auth/publishers.ts";
import { endOfToken } from "../../auth/times.ts";
import { check } from "../../check.ts";
import { Problem } from "../../errors.ts";
import { limitPublishing } from "../../rate-limit.ts";
import { whole } from "../../whole.ts";
import { CHANNEL_URL } from "../../wire/link.ts";
import { type HeldPublisher, publisherHeaders } from "../../wire/publisher-link.ts";
import { callChannel } from "../call-channel.ts";
import { checkChannel } from "../check.ts";
import { CHANNEL, CREDENTIALS, problems } from "../openapi/problems.ts";
import { oneOf } from "../openapi/security.ts";
import { MAX_LINGER_MILLISECONDS } from "../publishing-live.ts";
import { pathParameter } from "../reading/path.ts";
import { readQuery } from "../reading/query.ts";
import { asksForWebSocket } from "../reading/upgrade.ts";
import type { Route } from "../route.ts";
import { CHANNEL_PATH, channelParameter } from "./channel.ts";

/** While a channel sleeps, it keeps a user's subject in the attachment of the WebSocket, which holds 16 KiB. */
const MAX_SUBJECT_BYTES = 9500;

const querySchema = z.object({
	linger: whole(0, MAX_LINGER_MILLISECONDS).default(0).meta({
		description: "How many milliseconds a message waits for others that are stored and shown together with it.",
	}),
});

const QUERY_NAMES = Object.keys(querySchema.shape);

/**
 * `GET /channels/{channel}/publish`: a WebSocket (RFC 6455) to publish over, which ends in the channel's object. What is
 * said over it is in `channel/publisher-socket.ts`.
 */
export const publishSocket: Route = {
	path: `${CHANNEL_PATH}/publish`,
	method: "get",
	handle: async (c) => {
		const authority = c.get("authority");
		const publisher = await authority.publisher(c.req.raw);
		const channel = checkChannel(pathParameter(c, "channel"));
		await authority.allowPublish(publisher, channel);
		// After the credentials: a client whose WebSocket was refused can learn why by a plain request.
		if (!asksForWebSocket(c)) {
			const detail =
				"This route is for WebSockets. To publish with one request, use `POST /channels/{channel}/events`.";
			throw new Problem("invalid_request", detail);
		}
		await limitPublishing(c.env, publisher);
		const { linger } = check(querySchema, readQuery(c.req.url, QUERY_NAMES), "invalid_request", "The query");
		const held = { ...identityOf(publisher), linger, request: c.get("requestId") };
		const response = await callChannel(c.env, { channel }, (stub) =>
			stub.fetch(CHANNEL_URL, { headers: publisherHeaders(held) }),
		);
		const { webSocket } = response;
		if (!webSocket) throw await Problem.fromResponse(response);
		return new Response(null, { status: 101, webSocket });
	},
	describe: () => ({
		operationId: "openPublisher",
		tags: ["Publish"],
		summary: "Publish over a WebSocket",
		description:
			"OpenAPI cannot describe the messages of a WebSocket: they are in `docs/protocol.md`, “A publisher that stays”. Browsers cannot set the header `Authorization` of a WebSocket: there, publish with POST.",
		security: oneOf("publishKey", "token"),
		requestParams: {
			path: channelParameter,
			query: querySchema,
			header: z.object({ Upgrade: z.literal("websocket") }),
		},
		responses: {
			101: { description: "The WebSocket is open." },
			...problems("invalid_request", "invalid_channel", ...CREDENTIALS, ...CHANNEL, "channel_full", "rate_limited"),
		},
	}),
};

/** What the channel needs to know of the credentials. JWTs are in seconds, the rest of the service in milliseconds. */
function identityOf(publisher: Publisher): Pick<HeldPublisher, "key" | "user" | "endsAt" | "issuedAt"> {
	if (publisher.kind !== "user") return { key: publisher.id };
	const { sub, expires, issuedAt } = publisher.user;
	const bytes = new TextEncoder().encode(JSON.stringify(sub)).byteLength;
	if (bytes > MAX_SUBJECT_BYTES) {
		const detail = `The subject of these credentials takes ${bytes} bytes as JSON. A WebSocket can hold ${MAX_SUBJECT_BYTES}. Publish with POST.`;
		throw new Problem("invalid_request", detail);
	}
	const endsAt = endOfToken(expires, Date.now());
	return { user: sub, endsAt, ...(issuedAt !== undefined && { issuedAt: issuedAt * 1000 }) };
}
