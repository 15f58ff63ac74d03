import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PUBLISH_KEY, type Service, startService } from "../e2e/support/servers.ts";
import { type Run, runNode, urlOf } from "./support/run.ts";

const WORDS = ["Even ", "a ", "slow ", "answer ", "é 👩‍👩‍👧 ", "arrives", "."];
const CHUNKS = WORDS.map((content, index) => ({
	id: "chatcmpl-1",
	object: "chat.completion.chunk",
	created: 1_795_223_089,
	model: "fixture",
	choices: [{ index: 0, delta: { content }, finish_reason: index === WORDS.length - 1 ? "stop" : null }],
}));
/** As the provider writes it. */
const WRITTEN = `${CHUNKS.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("")}data: [DONE]\n\n`;
const HALF = WRITTEN.indexOf("é") + 1;

/** A provider that stops in the middle of its answer until it is told to go on. */
const provider = createServer(async (request, response) => {
	calls.push(`${request.headers.authorization}`);
	if (!(await Array.fromAsync(request.setEncoding("utf8"))).join("").includes('"model":"fixture"'))
		return refuse(response);
	response.setHeader("Content-Type", "text/event-stream; charset=utf-8");
	const bytes = Buffer.from(WRITTEN);
	// In the middle of a character.
	const half = Buffer.byteLength(WRITTEN.slice(0, HALF)) - 1;
	response.write(bytes.subarray(0, half));
	await goOn.promise;
	for (let at = half; at < bytes.length; at += 50) {
		response.write(bytes.subarray(at, at + 50));
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
	response.end();
});
const calls: string[] = [];
const goOn = Promise.withResolvers<void>();

function refuse(response: ServerResponse): void {
	response.writeHead(404, { "Content-Type": "application/json" });
	response.end('{"error":{"message":"There is no such model.","code":"model_not_found"}}');
}

describe("the proxy of a provider", () => {
	let service: Service;
	let proxy: Run;
	let openai: OpenAI;

	beforeAll(async () => {
		await once(provider.listen(0, "127.0.0.1"), "listening");
		service = await startService();
		proxy = runNode("openai-proxy/serve.ts", {
			PROVIDER_URL: `http://127.0.0.1:${(provider.address() as AddressInfo).port}`,
			PROVIDER_KEY: "the-key-of-the-provider",
			TIDINGS_URL: service.url,
			TIDINGS_KEY: PUBLISH_KEY,
			PORT: "0",
		});
		openai = new OpenAI({ baseURL: `${await urlOf(proxy)}/v1`, apiKey: "a-session", maxRetries: 0 });
	});

	afterAll(async () => {
		provider.close();
		await service.stop();
	});

	const ask = (key: string) =>
		openai.chat.completions.create(
			{ model: "fixture", messages: [{ role: "user", content: "Hello" }], stream: true },
			{ headers: { "Idempotency-Key": key } },
		);

	it("lets the provider's own client read the answer from tidings, also from the start after a reload", async () => {
		const first: unknown[] = [];
		for await (const chunk of await ask("a")) {
			first.push(chunk);
			if (first.length === 3) break;
		}
		expect(first).toEqual(CHUNKS.slice(0, 3));

		const second: unknown[] = [];
		for await (const chunk of await ask("a")) {
			second.push(chunk);
			if (second.length === 4) goOn.resolve();
		}
		expect(second).toEqual(CHUNKS);
		expect(calls).toEqual(["Bearer the-key-of-the-provider"]);
		expect(proxy.stderr).toBe("");
	});

	it("keeps what the provider has written, byte for byte", async () => {
		const headers = { "Idempotency-Key": "b" };
		const body = JSON.stringify({ model: "fixture", messages: [], stream: true });
		const response = await fetch(`${await urlOf(proxy)}/v1/chat/completions`, { method: "POST", headers, body });
		expect(response.url).toContain(`${service.url}/events?channel=answer:b`);
		expect((await response.text()).replaceAll(/^(?:id|retry): .*\n/gm, "")).toBe(WRITTEN);
	});

	it("passes on what is no stream, such as the provider's refusal", async () => {
		const refused = openai.chat.completions.create({ model: "none", messages: [], stream: true });
		await expect(refused).rejects.toMatchObject({ status: 404, code: "model_not_found" });
	});
});
