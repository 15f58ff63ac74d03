import { readSettings } from "../auth/authenticator.ts";
import { Authority } from "../auth/authority.ts";
import { SEND_IN_MESSAGE } from "../auth/credentials.ts";
import type { AuthorisationHooks } from "../auth/hooks.ts";
import type { VerifyRenewal } from "../channel/client-sockets.ts";
import type { ConfigOptions } from "../config.ts";
import { Problem } from "../errors.ts";
import type { Auth } from "../wire/client-message.ts";
import type { Renewal } from "../wire/subscription.ts";
import type { RequestScope, TidingsEnv } from "./context.ts";
import { prepareRenewal } from "./subscribing.ts";

/**
 * Verifies the new credentials in a WebSocket client's `auth`, for an open stream.
 *
 * @param request the request that opened the WebSocket.
 * @throws Problem `insufficient_scope` for another user, or where they do not grant the stream's channels; and those of
 * credentials.
 */
export async function renewalOf(
	{ env, authority }: Pick<RequestScope, "env" | "authority">,
	auth: Auth,
	request: Request,
	{ user, channels }: { readonly user: string; readonly channels: readonly string[] },
): Promise<Renewal> {
	const lease = await authority.leaseForMessage(auth, request, auth.cursor !== undefined);
	if (!lease) throw new Problem("missing_token", SEND_IN_MESSAGE);
	if (lease.user.sub !== user) {
		throw new Problem("insufficient_scope", "This connection was opened by another user. Open a new one.");
	}
	const renewal = await prepareRenewal(env, lease);
	for (const channel of channels) await authority.allowSubscribe(lease.user, channel);
	return renewal;
}

/**
 * Verifies in a channel's object what comes over a WebSocket that ends there. The request that opened it is gone: a hook
 * gets one with its URL, without the query and the headers.
 */
export function verifierOf(env: TidingsEnv, options: AuthorisationHooks & ConfigOptions): VerifyRenewal {
	return async (auth, { url, ...stream }, logger) => {
		const config = readSettings(env, options);
		const authority = new Authority(config, options, logger);
		return await renewalOf({ env, authority }, auth, new Request(url), stream);
	};
}
