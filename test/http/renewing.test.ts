import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { AuthenticatedUser, AuthorisationHooks } from "../../src/auth/hooks.ts";
import { verifierOf } from "../../src/http/renewing.ts";
import { Logger } from "../../src/logger.ts";
import { parseMessage } from "../../src/wire/client-message.ts";

const STREAM = { user: "alice", channels: ["orders"], url: "https://example.com/sse/ws" };

function renewed(hooks: AuthorisationHooks) {
	const auth = parseMessage('{"type":"auth","token":"session-1"}');
	if (auth.type !== "auth") throw new Error("It is an `auth`.");
	return verifierOf(env, hooks)(auth, STREAM, new Logger({}));
}

function userOf(sub: string): AuthenticatedUser {
	return { sub, channels: ["orders"], claims: { role: "admin" }, expires: Math.floor(Date.now() / 1000) + 600 };
}

describe("a renewal in a channel", () => {
	it("asks the hook with the token, and with the URL that opened the WebSocket", async () => {
		const asked: string[] = [];
		const renewal = await renewed({
			authenticate: (token, request) => {
				asked.push(token, request.url, ...request.headers.keys());
				return userOf("alice");
			},
		});
		expect(asked).toEqual(["session-1", STREAM.url]);
		expect(renewal).toMatchObject({ user: "alice", claims: { role: "admin" } });
	});

	it("is refused to another user, and where a hook denies the channel", async () => {
		const other = renewed({ authenticate: () => userOf("bob") });
		await expect(other).rejects.toMatchObject({ code: "insufficient_scope" });
		const denied = renewed({ authenticate: () => userOf("alice"), authorizeSubscribe: () => false });
		await expect(denied).rejects.toMatchObject({ code: "insufficient_scope" });
	});
});
