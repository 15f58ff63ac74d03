import { z } from "zod";
import { covers, maySubscribe } from "../../auth/grants.ts";
import type { Publisher } from "../../auth/publishers.ts";
import { sealTicket, type Ticket } from "../../auth/tickets.ts";
import { endOfToken } from "../../auth/times.ts";
import type { User } from "../../auth/user.ts";
import { check } from "../../check.ts";
import type { Config } from "../../config.ts";
import { Problem } from "../../errors.ts";
import { limitSubscribing } from "../../rate-limit.ts";
import { readOptionalJson } from "../body.ts";
import { CREDENTIALS, problems } from "../openapi/problems.ts";
import { oneOf } from "../openapi/security.ts";
import type { Route } from "../route.ts";
import { type IssuedTicket, issuedTicketSchema, keyTicketSchema, userTicketSchema } from "./tickets-schema.ts";

const MAX_BODY_BYTES = 16_384;
/** Cloudflare accepts URLs of 16 KB; proxies on the way may accept less. */
const MAX_TICKET_CHARACTERS = 8192;

const KEY_STREAM_SECONDS = 3600;

/** `POST /tickets`: makes a ticket, short-lived credentials that are safe in a URL. */
export const tickets: Route = {
	path: "/tickets",
	method: "post",
	handle: async (c) => {
		const authority = c.get("authority");
		const publisher = await authority.publisher(c.req.raw);
		if (publisher.kind === "user") await limitSubscribing(c.env, publisher.user);
		const seal = authority.ticketSeal;
		const body = await readOptionalJson(c.req.raw, MAX_BODY_BYTES, {});
		const { ticket, expiresIn, streamFor } =
			publisher.kind === "user" ? userTicket(publisher.user, c.get("config"), body) : keyTicket(publisher, body);
		const sealed = await sealTicket(ticket, seal);
		if (sealed.length > MAX_TICKET_CHARACTERS) {
			const detail = `The ticket would have ${sealed.length} characters, too many for a URL. Name the channels that it is for, or fewer of them; with a publish key, give it fewer claims.`;
			throw new Problem("invalid_request", detail);
		}
		return c.json<IssuedTicket, 201>({ ticket: sealed, expiresIn, streamFor }, 201);
	},
	describe: () => ({
		operationId: "makeTicket",
		tags: ["Subscribe"],
		summary: "Make a ticket, which may stand in a URL",
		description: "With a token, the body may be left out.",
		security: oneOf("token", "publishKey"),
		requestBody: {
			required: false,
			content: { "application/json": { schema: z.union([userTicketSchema, keyTicketSchema]) } },
		},
		responses: {
			201: {
				description: "The ticket.",
				headers: z.object({ "Cache-Control": z.literal("no-store") }),
				content: { "application/json": { schema: issuedTicketSchema } },
			},
			...problems("invalid_request", ...CREDENTIALS, "payload_too_large", "unsupported_media_type", "rate_limited"),
		},
	}),
};

interface Issued {
	ticket: Ticket;
	expiresIn: number;
	streamFor: number;
}

/** A ticket for the user of a token. It never grants more than the token, and never outlives it. */
function userTicket(user: User, { CHANNELS_CLAIM }: Config, body: unknown): Issued {
	const {
		channels = user.channels,
		expiresIn,
		streamFor,
		resumable,
	} = check(userTicketSchema, body, "invalid_request", "The body");
	const refused = channels.find((channel) => !mayGrant(user, channel));
	if (refused !== undefined) {
		throw new Problem(
			"insufficient_scope",
			`The token does not grant ${refused} (${CHANNELS_CLAIM}), so a ticket made with it cannot grant it either.`,
		);
	}
	const now = Date.now();
	const endsAt = endOfToken(user.expires, now);
	const left = Math.floor((endsAt - now) / 1000);
	if (left < 1) {
		throw new Problem("token_expired", "The token expires within a second. Get a new one from the identity provider.");
	}
	const holder = { user: user.sub, claims: user.claims, channels, issuedAt: user.issuedAt };
	return issue(
		holder,
		{ expiresIn: Math.min(expiresIn, left), streamFor: Math.min(streamFor ?? left, left), resumable },
		endsAt,
	);
}

/** A ticket for the user that a backend names. It grants only channels that the backend's key may publish to. */
function keyTicket(publisher: Publisher, body: unknown): Issued {
	const {
		user,
		channels,
		claims,
		expiresIn,
		streamFor = KEY_STREAM_SECONDS,
		resumable,
	} = check(keyTicketSchema, body, "invalid_request", "The body");
	const refused = channels.find((channel) => !covers(publisher.patterns, channel));
	if (refused !== undefined) {
		throw new Problem(
			"insufficient_scope",
			`This publish key does not cover ${refused}, so a ticket made with it cannot grant it.`,
		);
	}
	const holder = { user, claims: { ...claims, sub: user }, channels, issuedAt: Date.now() / 1000 };
	return issue(holder, { expiresIn, streamFor, resumable });
}

function issue(
	holder: Pick<Ticket, "user" | "claims" | "channels" | "issuedAt">,
	{ expiresIn, streamFor, resumable }: { expiresIn: number; streamFor: number; resumable: boolean },
	endsAt?: number,
): Issued {
	const now = Date.now();
	const ticket: Ticket = {
		...holder,
		opensUntil: now + expiresIn * 1000,
		streamFor: streamFor * 1000,
		resumesUntil: resumable ? now + streamFor * 1000 : null,
		endsAt: endsAt ?? now + (expiresIn + streamFor) * 1000,
	};
	return { ticket, expiresIn, streamFor };
}

/** A channel must be one that the user may subscribe to; a prefix must lie within a granted pattern. */
function mayGrant(user: User, channel: string): boolean {
	return channel.endsWith("*") ? covers(user.channels, channel) : maySubscribe(user.sub, user.channels, channel);
}
