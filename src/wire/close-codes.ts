/** The protocol's close codes, and 1013 (Try Again Later) of the registry of RFC 6455. */
export const CLOSE_CODES = { badRequest: 4400, unauthenticated: 4401, forbidden: 4403, tryAgainLater: 1013 } as const;
