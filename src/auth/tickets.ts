import { EncryptJWT, errors, type JWTPayload, jwtDecrypt } from "jose";
import { z } from "zod";
import { Problem } from "../errors.ts";
import { subjectSchema } from "../wire/names.ts";
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
	/** When the credentials behind the ticket were issued at the earliest, in unix seconds. */
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

/** What tickets are sealed under. */
export interface TicketSeal {
	/** The first seals, and all of them open. */
	secrets: readonly [string, ...string[]];
	/** Whose tokens the service takes, if anybody's: what is sealed where one issuer says who a user is, opens nothing where another does. */
	issuer: string | undefined;
}

/** Seals a ticket into the text that a client sends as `?ticket=`. */
export async function sealTicket(ticket: Ticket, { secrets: [secret], issuer }: TicketSeal): Promise<string> {
	return await new EncryptJWT(ticket)
		.setProtectedHeader({ alg: "dir", enc: "A256GCM" })
		.setAudience(AUDIENCE)
		.encrypt(await ticketKey(secret, issuer));
}

/**
 * Opens a ticket for a stream that starts now.
 *
 * @param resuming whether the request carries a cursor, which is what a resumable ticket asks for once `expiresIn` is over.
 * @throws Problem `invalid_token` or `token_expired`.
 */
export async function openTicket(text: string, seal: TicketSeal, now: number, resuming: boolean): Promise<Subscriber> {
	const ticket = await unsealTicket(text, seal);
	const fresh = now < ticket.opensUntil;
	if (!fresh && !(resuming && ticket.resumesUntil !== null && now < ticket.resumesUntil)) {
		throw new Problem("token_expired", "The ticket has expired. Get a new one with `POST /tickets`.");
	}
	const endsAt = Math.min(ticket.endsAt, fresh ? now + ticket.streamFor : (ticket.resumesUntil ?? now));
	const { user: sub, claims, channels, issuedAt } = ticket;
	return { user: { sub, claims, channels, publish: [], issuedAt, expires: Math.floor(endsAt / 1000) }, endsAt };
}

async function unsealTicket(text: string, seal: TicketSeal): Promise<Ticket> {
	try {
		return ticketSchema.parse(await decrypt(text, seal));
	} catch (cause) {
		if (!(cause instanceof errors.JOSEError || cause instanceof z.ZodError)) throw cause;
		const detail = "The ticket is not one of this service. Get one with `POST /tickets`; a token is sent as `token`.";
		throw new Problem("invalid_token", detail, { cause });
	}
}

async function decrypt(text: string, { secrets, issuer }: TicketSeal): Promise<JWTPayload> {
	let failure: unknown;
	for (const secret of secrets) {
		try {
			const options = {
				audience: AUDIENCE,
				keyManagementAlgorithms: ["dir"],
				contentEncryptionAlgorithms: ["A256GCM"],
			};
			return (await jwtDecrypt(text, await ticketKey(secret, issuer), options)).payload;
		} catch (error) {
			if (!(error instanceof errors.JWEDecryptionFailed)) throw error;
			failure = error;
		}
	}
	throw failure;
}

const keys = new Map<string, CryptoKey>();

/** The key of a secret and an issuer (HKDF, RFC 5869), made once an isolate. */
export async function ticketKey(secret: string, issuer = ""): Promise<CryptoKey> {
	const name = JSON.stringify([secret, issuer]);
	const known = keys.get(name);
	if (known) return known;
	const encoder = new TextEncoder();
	const material = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, ["deriveKey"]);
	const key = await crypto.subtle.deriveKey(
		{ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: encoder.encode(`${AUDIENCE} ${issuer}`) },
		material,
		{ name: "AES-GCM", length: 256 },
		false,
		["encrypt", "decrypt"],
	);
	keys.set(name, key);
	return key;
}
