import type { NewEvent } from "./event.ts";
import type { Receipt } from "./receipt.ts";

/**
 * The RPC calls from the Worker to a Channel. A refusal is returned as a value, because an exception loses its class
 * when it crosses RPC.
 */

/** A publish: its events and its conditions. */
export interface PublishRequest {
	/** There may be none if `end` is given. */
	events: NewEvent[];
	/** Whether the channel ends after these events. */
	end?: true;
	/** The `Idempotency-Key`, and a digest of the request's events and end. */
	idempotency?: { key: string; digest: string };
	/** The cursor that must be the channel's head. */
	ifHead?: string;
}

/** The outcome of a publish. */
export type PublishOutcome =
	| { ok: true; receipt: Receipt; replayed: boolean }
	| { ok: false; code: "channel_ended" | "head_moved" | "idempotency_mismatch" | "rate_limited"; detail: string };

/** The streams to end: all streams of a user, whose credentials are also revoked, or one stream. */
export type EndedSubscribers = { user: string } | { connection: string };

/** The outcome of a renewal. `expiresAt` is when the credentials expire, in Unix milliseconds. */
export type RenewalOutcome = { ok: true; expiresAt: number } | { ok: false; reason: "not_found" | "revoked" };
