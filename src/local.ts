/** The secrets and hosts of local development. */

/** The secrets of `.dev.vars`. They are public, so `auth/local-keys.ts` refuses them on any other host. */
export const LOCAL_PUBLISH_KEY = "local-publish-key-0123456789abcdef";
export const LOCAL_TICKET_SECRET = "local-ticket-secret-0123456789abcdef";

/** Whether the hostname of a URL is this machine. */
export function isLocalHost(hostname: string): boolean {
	return ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
}
