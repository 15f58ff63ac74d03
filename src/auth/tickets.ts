import { EncryptJWT, errors, jwtDecrypt } from "jose";
import { z } from "zod";
import { Problem } from "../errors.ts";
import { subjectSchema } from "../names.ts";
import type { Subscriber } from "./user.ts";

/**
 * Tickets open streams from where no header can be set. They are encrypted (JWE, RFC 7516: `dir`, `A256GCM`), so that a
 * URL in a log tells neither the user nor their claims, and nothing but this service can make or change one.
 */

const AUDIENCE = "tidings:ticket";

/** What a ticket is bound to. Times are in unix milliseconds. */
const ticketSchema = z.object({
	user: subjectSchema,
	claims: z.record(z.string(), z.unknown()),
	channels: z.array(z.string()),
	/** When the credentials behind the ticket were issued, in unix seconds. */
	issuedAt: z.number(),
	/** Until then it opens streams. */
	opensUntil: z.number(),
	/** How long a stream that it opened lives, in milliseconds. */
	streamFor: z.number(),
	/** Until then it also opens a stream for a request that carries a cursor; `null`: not at all. */
	resumesUntil: z.number().nullable(),
	/** No stream of it lives longer. */
	endsAt: z.number(),
});

/** What a ticket is bound to. */
export type Ticket = z.infer<typeof ticketSchema>;

/** Seals a ticket into the text that a client sends as `?ticket=`. */
export async function sealTicket(ticket: Ticket, secret: string): Promise<string> {
	return await new EncryptJWT(ticket)
		.setProtectedHeader({ alg: "dir", enc: "A256GCM" })
		.setAudience(AUDIENCE)
		.encrypt(await encryptionKey(secret));
}

/**
 * Opens a ticket for a stream that starts now.
 *
 * @param resuming whether the request carries a cursor, which is what a resumable ticket asks for once `expiresIn` is over.
 * @throws Problem `invalid_token` or `token_expired`.
 */
export async function openTicket(text: string, secret: string, now: number, resuming: boolean): Promise<Subscriber> {
	const ticket = await unsealTicket(text, secret);
	const fresh = now < ticket.opensUntil;
	if (!fresh && !(resuming && ticket.resumesUntil !== null && now < ticket.resumesUntil)) {
		throw new Problem("token_expired", "The ticket has expired. Get a new one with `POST /tickets`.");
	}
	const endsAt = Math.min(ticket.endsAt, fresh ? now + ticket.streamFor : (ticket.resumesUntil ?? now));
	const { user: sub, claims, channels, issuedAt } = ticket;
	return { user: { sub, claims, channels, publish: [], issuedAt, expires: Math.floor(endsAt / 1000) }, endsAt };
}

async function unsealTicket(text: string, secret: string): Promise<Ticket> {
	try {
		const { payload } = await jwtDecrypt(text, await encryptionKey(secret), {
			audience: AUDIENCE,
			keyManagementAlgorithms: ["dir"],
			contentEncryptionAlgorithms: ["A256GCM"],
		});
		return ticketSchema.parse(payload);
	} catch (cause) {
		if (!(cause instanceof errors.JOSEError || cause instanceof z.ZodError)) throw cause;
		throw new Problem("invalid_token", "The ticket is not one of this service. Get one with `POST /tickets`.", {
			cause,
		});
	}
}

const encryptionKeys = new Map<string, CryptoKey>();

/** A key of the right length from a secret of any, made once an isolate. */
async function encryptionKey(secret: string): Promise<CryptoKey> {
	const known = encryptionKeys.get(secret);
	if (known) return known;
	const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret));
	const key = await crypto.subtle.importKey("raw", digest, "AES-GCM", false, ["encrypt", "decrypt"]);
	encryptionKeys.set(secret, key);
	return key;
}
