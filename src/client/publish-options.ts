/** Options of one publish. */
export interface PublishOptions {
	/**
	 * Publishes with the same key are stored once within 5 minutes. 1 to 128 visible ASCII characters. Default: a random
	 * key, which only the attempts of this call share.
	 */
	idempotencyKey?: string;
	/** Publish only if the channel's newest event has this id. Default: publish in any case. */
	ifHead?: string;
	/** Whether the channel ends after these events, of which there may be none. Default: no. */
	end?: boolean;
	/** Aborts the publish, in the middle of an attempt or between two. */
	signal?: AbortSignal;
}
