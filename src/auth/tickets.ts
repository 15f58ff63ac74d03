import { EncryptJWT, errors, type JWTPayload, jwtDecrypt } from "jose";
import { z } from "zod";
import { Problem } from "../errors.ts";
import { subjectSchema } from "../wire/names.ts";
import type { Lease } from "./user.ts";

/**
 * Tickets authenticate clients that cannot set headers, such as `EventSource`: they go into the URL. They are encrypted
 * (JWE, RFC 7516, with `dir` and `A256GCM`), so that a logged URL reveals neither the user nor the claims, and only this
 * service can create or modify one.
 */

const AUDIENCE = "tidings:ticket";

/** The contents of a ticket. Times are in Unix milliseconds, except for `issuedAt`. */
const ticketSchema = z.object({
	user: subjectSchema,
	claims: z.record(z.string(), z.unknown()),
	channels: z.array(z.string()),
	/** The earliest time that the underlying credentials can have been issued at, in Unix seconds. Default: unknown. */
	issuedAt: z.number().optional(),
	/** When the ticket expires: it opens no new streams from then on. */
	opensUntil: z.number(),
	/** The lifetime of a stream that the ticket opens, in milliseconds. */
	streamFor: z.number(),
	/** Until when a request with a cursor can resume a stream after the ticket has expired; `null` if none can. */
	resumesUntil: z.number().nullable(),
	/** When the underlying credentials expire, and all streams of the ticket end. */
	endsAt: z.number(),
});

/** The contents of a ticket. */
export type Ticket = z.infer<typeof ticketSchema>;

/** The inputs of the key that tickets are encrypted with. */
export interface TicketSeal {
	/** The first secret encrypts, and all of them decrypt: this allows key rotation. */
	secrets: readonly [string, ...string[]];
	/**
	 * The issuer of users' tokens; `undefined` without one. Subjects are only unique within an issuer, so a ticket is not
	 * valid in a service with another issuer, even if both share a secret.
	 */
	issuer: string | undefined;
}

/** Encrypts a ticket. Returns the string that a client sends as `?ticket=`. */
export async function sealTicket(ticket: Ticket, { secrets: [secret], issuer }: TicketSeal): Promise<string> {
	return await new EncryptJWT(ticket)
		.setProtectedHeader({ alg: "dir", enc: "A256GCM" })
		.setAudience(AUDIENCE)
		.encrypt(await ticketKey(secret, issuer));
}

/**
 * Decrypts and verifies a ticket for a stream that starts now.
 *
 * @param now in Unix milliseconds.
 * @param resuming whether the request carries a cursor. Only such a request can use a resumable ticket after `expiresIn`.
 * @throws Problem `invalid_token` or `token_expired`.
 */
export async function openTicket(sealed: string, seal: TicketSeal, now: number, resuming: boolean): Promise<Lease> {
	const ticket = await unsealTicket(sealed, seal);
	const fresh = now < ticket.opensUntil;
	if (!fresh && !(resuming && ticket.resumesUntil !== null && now < ticket.resumesUntil)) {
		throw new Problem("token_expired", "The ticket has expired. Get a new one with `POST /tickets`.");
	}
	const endsAt = Math.min(ticket.endsAt, fresh ? now + ticket.streamFor : (ticket.resumesUntil ?? now));
	const { user: sub, claims, channels, issuedAt } = ticket;
	return { user: { sub, claims, channels, publish: [], issuedAt, expires: Math.floor(endsAt / 1000) }, endsAt };
}

async function unsealTicket(sealed: string, seal: TicketSeal): Promise<Ticket> {
	try {
		return ticketSchema.parse(await decrypt(sealed, seal));
	} catch (cause) {
		if (!(cause instanceof errors.JOSEError || cause instanceof z.ZodError)) throw cause;
		const detail =
			"The ticket was not issued by this service. Get one with `POST /tickets`. If it is a token, send it as `token`.";
		throw new Problem("invalid_token", detail, { cause });
	}
}

async function decrypt(sealed: string, { secrets, issuer }: TicketSeal): Promise<JWTPayload> {
	let failure: unknown;
	for (const secret of secrets) {
		try {
			const options = {
				audience: AUDIENCE,
				keyManagementAlgorithms: ["dir"],
				contentEncryptionAlgorithms: ["A256GCM"],
			};
			return (await jwtDecrypt(sealed, await ticketKey(secret, issuer), options)).payload;
		} catch (error) {
			if (!(error instanceof errors.JWEDecryptionFailed)) throw error;
			failure = error;
		}
	}
	throw failure;
}

const keys = new Map<string, CryptoKey>();

/** Derives the encryption key from a secret and the issuer (HKDF, RFC 5869). Cached for the life of the isolate. */
export async function ticketKey(secret: string, issuer?: string): Promise<CryptoKey> {
	const info = issuer === undefined ? `${AUDIENCE} ` : `${AUDIENCE} ${issuer}`;
	// A secret has no white space.
	const cacheKey = `${secret} ${info}`;
	const cached = keys.get(cacheKey);
	if (cached) return cached;
	const encoder = new TextEncoder();
	const material = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, ["deriveKey"]);
	const key = await crypto.subtle.deriveKey(
		{ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: encoder.encode(info) },
		material,
		{ name: "AES-GCM", length: 256 },
		false,
		["encrypt", "decrypt"],
	);
	keys.set(cacheKey, key);
	return key;
}
