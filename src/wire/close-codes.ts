import type { DisconnectReason } from "./subscription.ts";

/**
 * The close codes of a client's WebSocket: the protocol's own, and 1000 (Normal Closure) and 1013 (Try Again Later) of the
 * registry of RFC 6455.
 */
export const CLOSE_CODES = {
	done: 1000,
	badRequest: 4400,
	unauthenticated: 4401,
	forbidden: 4403,
	tryAgainLater: 1013,
} as const;

const ENDS: Record<DisconnectReason, number> = {
	token_expired: CLOSE_CODES.unauthenticated,
	revoked: CLOSE_CODES.forbidden,
	slow_consumer: CLOSE_CODES.tryAgainLater,
	shutdown: CLOSE_CODES.tryAgainLater,
	client_left: CLOSE_CODES.tryAgainLater,
	ended: CLOSE_CODES.done,
	abandoned: CLOSE_CODES.done,
};

/**
 * The close code after a stream's end.
 *
 * @example
 * closeCodeOf("token_expired"); // 4401
 */
export function closeCodeOf(reason: DisconnectReason): number {
	return ENDS[reason];
}

/**
 * The close code after an error.
 *
 * @param status the HTTP status of the error's code.
 *
 * @example
 * closeCodeOfError(403); // 4403
 */
export function closeCodeOfError(status: number): number {
	if (status === 401) return CLOSE_CODES.unauthenticated;
	if (status === 403) return CLOSE_CODES.forbidden;
	return status === 429 || status >= 500 ? CLOSE_CODES.tryAgainLater : CLOSE_CODES.badRequest;
}
