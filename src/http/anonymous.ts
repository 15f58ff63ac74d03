import type { Lease } from "../auth/user.ts";
import { rulesFor } from "../channel-rules.ts";
import type { Config } from "../config.ts";
import { Problem } from "../errors.ts";
import type { RequestScope } from "./context.ts";
import { addressHash } from "./limits/address.ts";

/** How long an anonymous stream may live: as long as one of a ticket, at most. */
const STREAM_SECONDS = 86_400;
const ID_BYTES = 16;
const MAX_QUOTED_CHARACTERS = 128;

/** What a client asks for, before it is checked. */
interface Wanted {
	channels: readonly string[];
	/** Whether it asks for the personal channel of its user. */
	inbox: boolean;
}

/** Whether a client without credentials may read all that it asks for. */
export function isAnonymous(config: Config, wanted: Wanted): boolean {
	return refusalOf(config, wanted) === undefined;
}

/**
 * A lease for a client without credentials, who is a user of its own: nobody else can be, since the subject is random.
 *
 * @param help how to send credentials, for the problem's detail.
 * @throws Problem `missing_token`, unless all channels may be read without credentials.
 */
export async function anonymousLease(
	{ env, config }: Pick<RequestScope, "env" | "config">,
	request: Request,
	wanted: Wanted,
	help: string,
): Promise<Lease> {
	const refusal = refusalOf(config, wanted);
	if (refusal !== undefined) throw new Problem("missing_token", `${refusal}${help}`);
	const now = Math.floor(Date.now() / 1000);
	const expires = now + STREAM_SECONDS;
	const id = crypto.getRandomValues(new Uint8Array(ID_BYTES)).toBase64({ alphabet: "base64url", omitPadding: true });
	return {
		user: {
			sub: `anonymous:${id}`,
			claims: {},
			channels: [...wanted.channels],
			publish: [],
			issuedAt: now,
			expires,
		},
		endsAt: expires * 1000,
		anonymousFrom: await addressHash(env.CHANNEL, request),
	};
}

/** Why credentials are needed, as a sentence and a space; `undefined` if they are not. */
function refusalOf(config: Config, { channels, inbox }: Wanted): string | undefined {
	if (channels.length === 0) return "";
	if (inbox) return "`inbox` needs credentials: without them there is no personal channel. ";
	const closed = channels.find((channel) => !rulesFor(config, channel).anonymous);
	if (closed === undefined) return undefined;
	return `The channel ${closed.slice(0, MAX_QUOTED_CHARACTERS)} may not be read without credentials. `;
}
