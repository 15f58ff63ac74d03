import { Hono } from "hono";
import type { z } from "zod";
import type { Authority } from "../../auth/authority.ts";
import { covers, maySubscribe } from "../../auth/grants.ts";
import type { Publisher } from "../../auth/publishers.ts";
import { sealTicket, type Ticket } from "../../auth/tickets.ts";
import type { User } from "../../auth/user.ts";
import { describeIssue, Problem } from "../../errors.ts";
import { readOptionalJson } from "../body.ts";
import type { AppEnv } from "../context.ts";
import { limitSubscribing } from "../rate-limit.ts";
import { type IssuedTicket, keyTicketSchema, userTicketSchema } from "./tickets-schema.ts";

const MAX_BODY_BYTES = 16_384;
/** A URL may have 16 KB on Cloudflare, and proxies on the way allow less. */
const MAX_TICKET_CHARACTERS = 8192;

const KEY_STREAM_SECONDS = 3600;

/** `POST /tickets`: short-lived credentials that may stand in a URL. */
export const tickets = new Hono<AppEnv>().post("/tickets", async (c) => {
	const authority = c.get("authority");
	const publisher = await authority.publisher(c.req.raw);
	if (publisher.kind === "user") await limitSubscribing(c.env, publisher.user);
	const seal = authority.ticketSeal;
	const body = await readOptionalJson(c.req.raw, MAX_BODY_BYTES, {});
	const { ticket, expiresIn, streamFor } =
		publisher.kind === "user" ? userTicket(publisher.user, authority, body) : keyTicket(publisher, body);
	const sealed = await sealTicket(ticket, seal);
	if (sealed.length > MAX_TICKET_CHARACTERS) {
		const detail = `The ticket would have ${sealed.length} characters, more than fit into a URL safely. Name the channels that it is for, or fewer; with a publish key, give it fewer claims.`;
		throw new Problem("invalid_request", detail);
	}
	return c.json<IssuedTicket, 201>({ ticket: sealed, expiresIn, streamFor }, 201);
});

interface Issued {
	ticket: Ticket;
	expiresIn: number;
	streamFor: number;
}

/** A ticket for the user of a token: never for more than the token grants, and never for longer than it lives. */
function userTicket(user: User, authority: Authority, body: unknown): Issued {
	const { channels = user.channels, expiresIn, streamFor, resumable } = check(userTicketSchema, body);
	const refused = channels.find((channel) => !mayHold(user, channel));
	if (refused !== undefined) {
		throw new Problem(
			"insufficient_scope",
			`The token does not grant ${refused} (${authority.config.CHANNELS_CLAIM}), so a ticket of it cannot either.`,
		);
	}
	const now = Date.now();
	const endsAt = authority.endOfToken(user);
	const left = Math.floor((endsAt - now) / 1000);
	if (left < 1)
		throw new Problem("token_expired", "The token is at its end. Get a new one from the identity provider.");
	const holder = { user: user.sub, claims: user.claims, channels, issuedAt: user.issuedAt };
	return issue(
		holder,
		{ expiresIn: Math.min(expiresIn, left), streamFor: Math.min(streamFor ?? left, left), resumable },
		endsAt,
	);
}

/** A ticket for whom a backend names: for no channel that its key may not publish to. */
function keyTicket(publisher: Publisher, body: unknown): Issued {
	const { user, channels, claims, expiresIn, streamFor = KEY_STREAM_SECONDS, resumable } = check(keyTicketSchema, body);
	const refused = channels.find((channel) => !covers(publisher.patterns, channel));
	if (refused !== undefined) {
		throw new Problem(
			"insufficient_scope",
			`This publish key is not for ${refused}, so a ticket of it cannot be either.`,
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

/** A name must be granted as a stream's would be; a prefix must lie within a granted one. */
function mayHold(user: User, channel: string): boolean {
	return channel.endsWith("*") ? covers(user.channels, channel) : maySubscribe(user.sub, user.channels, channel);
}

function check<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
	const checked = schema.safeParse(body);
	if (checked.success) return checked.data;
	throw new Problem("invalid_request", describeIssue(checked.error, "The body"));
}
