/** A user whose credentials have been verified, and what they grant. */
export interface User {
	/** The subject: who it is. */
	sub: string;
	/** The token's claims, without those that grant something. Events can be addressed to them. */
	claims: Record<string, unknown>;
	/** The channel patterns that this user may subscribe to. */
	channels: string[];
	/** The channel patterns that this user may publish to. */
	publish: string[];
	/**
	 * The earliest time at which the credentials can have been issued, by the service's own clock, in Unix seconds.
	 * `undefined` counts as before any revocation.
	 */
	issuedAt?: number | undefined;
	/** When the credentials expire, in Unix seconds. */
	expires: number;
}

/** The right of a user to hold a stream open, until it runs out or newer credentials renew it. */
export interface Lease {
	user: User;
	/** When the stream is ended, in Unix milliseconds. */
	endsAt: number;
	/** Of a client without credentials: a keyed hash of its address, which its streams are counted by. */
	anonymousFrom?: string;
}
