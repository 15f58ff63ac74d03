import { expect, inject } from "vitest";
import { MessageReader } from "../../support/message-reader.ts";
import type { Target } from "./target.ts";

const { url, publishKey } = inject("deployment");
/** Retries of a request that came too often. */
const MOST_RETRIES = 10;

async function send(path: string, init: RequestInit = {}): Promise<Response> {
	for (let retries = 0; ; retries += 1) {
		const response = await fetch(url + path, init);
		if (response.ok || response.status === 101) return response;
		const { code } = await problemIn(response.clone());
		if (code !== "rate_limited" || retries === MOST_RETRIES) return response;
		const seconds = Number(response.headers.get("Retry-After") ?? 1);
		await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
	}
}

/** The error that a response holds: problem details as RFC 9457 has them, with a code and what to do. */
async function problemIn(response: Response): Promise<{ code: string }> {
	expect(response.headers.get("Content-Type")).toBe("application/problem+json");
	const problem = (await response.json()) as { code: string };
	expect(problem).toMatchObject({
		type: expect.any(String),
		title: expect.any(String),
		status: response.status,
		code: expect.stringMatching(/^[a-z_]+$/),
		detail: expect.any(String),
	});
	return problem;
}

/** A deployment somewhere else. Its channels and users are those of this run alone. */
export const target: Target = {
	publishKey,
	prefix: "conformance:",
	send,
	openSocket: async (path, headers = {}) => {
		// Node's takes headers, which the standard has not.
		const socket = new WebSocket(url.replace(/^http/, "ws") + path, { headers } as unknown as string[]);
		const reader = new MessageReader(socket);
		await new Promise((resolve, reject) => {
			socket.addEventListener("open", resolve);
			socket.addEventListener("error", () => reject(new Error(`${url}${path} opened no WebSocket.`)));
		});
		return reader;
	},
};
