import type { NewEvent } from "./event.ts";
import type { Receipt } from "./receipt.ts";

/** What the Worker asks of a Channel over RPC, and what it is answered. Refusals are values: an error that crosses RPC loses its kind. */

/** Events to be published, and under which conditions. */
export interface PublishRequest {
	events: NewEvent[];
	/** An `Idempotency-Key` and a digest of the events that came with it. */
	idempotency?: { key: string; digest: string };
	/** The cursor that must be the channel's head. */
	ifHead?: string;
}

/** How a publish went. */
export type PublishOutcome =
	| { ok: true; receipt: Receipt; replayed: boolean }
	| { ok: false; code: "head_moved" | "idempotency_mismatch" | "rate_limited"; detail: string };

/** Which streams an administrator ends: all of a user's, and what else the user could open, or a single one. */
export type EndedSubscribers = { user: string } | { connection: string };

/** Whether a stream lives on, and until when its credentials last, in Unix milliseconds. */
export type RenewalOutcome = { ok: true; expiresAt: number } | { ok: false; reason: "not_found" | "revoked" };
