/** What is for local work: it is good on the machine that the service runs on, and nowhere else. */

/** The secrets of `.dev.vars`. Everybody knows them. */
export const LOCAL_PUBLISH_KEY = "local-publish-key-0123456789abcdef";
export const LOCAL_TICKET_SECRET = "local-ticket-secret-0123456789abcdef";

/** Whether the host of a URL is the machine that asks. */
export function isLocalHost(hostname: string): boolean {
	return ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
}
