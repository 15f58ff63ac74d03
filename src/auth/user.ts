/** Somebody whose credentials have been verified, and what they may do. */
export interface User {
	/** The subject: who it is. */
	sub: string;
	/** The token's claims, without what it grants; events can be addressed to them. */
	claims: Record<string, unknown>;
	/** The channel patterns that this user may subscribe to. */
	channels: string[];
	/** The channel patterns that this user may publish to. */
	publish: string[];
	/** When the credentials were issued at the earliest, by the service's own clock, in unix seconds. */
	issuedAt: number;
	/** When the credentials end, in unix seconds. */
	expires: number;
}

/** A user and how long a stream of theirs may stay open. */
export interface Subscriber {
	user: User;
	/** When the stream is ended, in unix milliseconds. */
	endsAt: number;
}
