import type { Config } from "../config.ts";
import { Problem } from "../errors.ts";
import { isLocalHost, LOCAL_PUBLISH_KEY, LOCAL_TICKET_SECRET } from "../local.ts";

/**
 * Refuses requests from other machines while the published development secrets of `.dev.vars` are configured.
 *
 * @param url the URL of the request.
 * @throws Problem `misconfigured`, naming the setting.
 */
export function refuseLocalKeys(config: Config, url: string): void {
	const name = localSetting(config);
	if (name === undefined || isLocalHost(new URL(url).hostname)) return;
	const detail = `The setting ${name} has the value from \`.dev.vars\`, which is public and works on localhost, 127.0.0.1 and [::1] only. Generate your own with \`openssl rand -hex 32\`, and set it with \`wrangler secret put ${name}\`.`;
	throw new Problem("misconfigured", detail);
}

/** The first setting that has a development secret. */
function localSetting({ PUBLISH_KEYS, TICKET_SECRET }: Config): string | undefined {
	if (PUBLISH_KEYS?.some(({ key }) => key === LOCAL_PUBLISH_KEY)) return "PUBLISH_KEYS";
	if (TICKET_SECRET?.some((secret) => secret === LOCAL_TICKET_SECRET)) return "TICKET_SECRET";
	return undefined;
}
