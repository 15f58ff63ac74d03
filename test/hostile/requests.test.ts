import { beforeAll, describe, expect, it } from "vitest";
import { TestIssuer } from "../support/issuer.ts";
import { type Line, watchLines } from "../support/lines.ts";
import { fc, nastyJson, nastyText } from "../support/property.ts";
import { CHANNELS_SLEEP, call, freshChannel, PUBLISH_KEY, published } from "../support/service.ts";

const SECRET = "for-the-eyes-of-the-victim";

let issuer: TestIssuer;
let alice: string;
/** Where anything may be published. */
let channel: string;
/** Where nothing is published any more, and not everything is for everyone. */
let secretive: string;
let lines: Line[];
/** The statuses that came back: a test that only ever meets one of them would test nothing. */
const answers = new Set<number>();

beforeAll(async () => {
	issuer = await TestIssuer.start();
	alice = await issuer.token();
	channel = freshChannel();
	secretive = freshChannel();
	await published(secretive, [{ data: SECRET, to: { user: "victim" } }, { data: "for everyone" }]);
	await published("user:victim", { data: SECRET });
	lines = watchLines();
});

/** Sends a request that may be anything: the answer is one of ours and leaves one line; no failure, no secret. */
async function isHarmless(path: string, init: RequestInit = {}): Promise<boolean> {
	let response: Response;
	lines.length = 0;
	try {
		response = await call(path, init);
	} catch (error) {
		// What is no request at all does not get as far as the service.
		if (error instanceof TypeError) return true;
		throw error;
	}
	answers.add(response.status);
	expect(lines).toEqual([expect.objectContaining({ fields: expect.objectContaining({ status: response.status }) })]);
	if (response.headers.get("Content-Type") === "text/event-stream") return !(await readAll(response)).includes(SECRET);
	const text = await response.text();
	expect({ path, status: response.status, text }).toMatchObject({ status: expect.toSatisfy((status) => status < 500) });
	return !text.includes(SECRET);
}

/** Everything that a stream has to say: an administrator ends it, so that it has an end. */
async function readAll(response: Response): Promise<string> {
	let text = "";
	for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
		text += chunk;
		const [, connection = "", channel = ""] = /"connection":"([^"]+)".*"channels":\["([^"]+)"/.exec(chunk) ?? [];
		if (connection === "") continue;
		await call(`/channels/${channel}/subscribers?connection=${encodeURIComponent(connection)}`, {
			method: "DELETE",
			headers: { Authorization: `Bearer ${PUBLISH_KEY}` },
		});
	}
	return text;
}

const encoded = nastyText.map((text) => encodeURIComponent(text.toWellFormed()));
const bytes = fc.uint8Array({ maxLength: 300 });
const contentType = fc.oneof(
	fc.constantFrom("application/json", "application/x-www-form-urlencoded", "text/plain", "text/event-stream", ""),
	fc.string(),
);
const headerValue = fc.string({ unit: fc.constantFrom(..."\t !\"#$%&'()*+,-./09:;<=>?@AZ[]^_`az{|}~") });

/** A token of a user of its own: nobody runs into the limit of streams a user. */
function anybody(): Promise<string> {
	return issuer.token({ sub: crypto.randomUUID() });
}

function header(name: string, value: string): Record<string, string> {
	return value === "" ? {} : { [name]: value };
}

function expectAnswers(...statuses: number[]): void {
	for (const status of statuses) expect(answers).toContain(status);
	answers.clear();
}

describe("random input to what opens a stream", () => {
	it("in the query of a stream without credentials, and in its address, shows nothing that is not for everyone", async () => {
		const open = freshChannel("ruled:open:");
		await published(open, [{ data: SECRET, to: { user: "victim" } }, { data: "for everyone" }]);
		const channels = fc.constantFrom("user:victim", "*", "", secretive, open).map((name) => `channel=${name}`);
		const names = fc.constantFrom("channel", "inbox", "type", "presence", "lastEventId", "token", "ticket", "x");
		const pair = fc.tuple(names, fc.oneof(encoded, fc.constantFrom("1", ""))).map((each) => each.join("="));
		const address = fc.oneof(fc.ipV4(), fc.ipV6(), headerValue);
		await fc.assert(
			fc.asyncProperty(fc.array(fc.oneof(channels, pair), { maxLength: 4 }), address, (pairs, from) =>
				isHarmless(`/events?${[`channel=${open}`, "rewind=all", ...pairs].join("&")}`, {
					headers: header("CF-Connecting-IP", from),
				}),
			),
			{ numRuns: 200 },
		);
		expectAnswers(200, 400, 401);
	});

	it("in the query of a stream opens nobody's eyes", async () => {
		const names = fc.constantFrom(
			"channel",
			"type",
			"rewind",
			"since",
			"envelope",
			"lastEventId",
			"token",
			"ticket",
			"x",
		);
		const pair = fc
			.tuple(names, fc.oneof(encoded, fc.constantFrom("1", "all", "user:victim", "*", "0")))
			.map((each) => each.join("="));
		await fc.assert(
			fc.asyncProperty(fc.array(pair, { maxLength: 4 }), fc.boolean(), async (pairs, isNamed) =>
				isHarmless(`/events?${[...(isNamed ? [`channel=${secretive}`, "rewind=all"] : []), ...pairs].join("&")}`, {
					headers: { Authorization: `Bearer ${await anybody()}` },
				}),
			),
			{ numRuns: 700 },
		);
	});

	it("as credentials is refused", async () => {
		const part = fc.oneof(
			fc.base64String(),
			nastyJson.map((json) => btoa(unescape(encodeURIComponent(JSON.stringify(json).toWellFormed())))),
		);
		const jwtLike = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(".").replaceAll("=", ""));
		const token = fc.oneof(
			jwtLike,
			encoded,
			headerValue,
			fc.nat(alice.length - 1).map((cut) => alice.slice(0, cut)),
		);
		await fc.assert(
			fc.asyncProperty(token, fc.constantFrom("Bearer ", "", "Basic "), async (token, scheme) => {
				const headers = header("Authorization", scheme + token);
				const inHeader = await isHarmless(`/events?channel=${secretive}&rewind=all`, { headers });
				const query = encodeURIComponent(token);
				const inQuery = await isHarmless(`/events?channel=user:victim&rewind=all&token=${query}`);
				return inHeader && inQuery && (await isHarmless(`/events?channel=user:victim&rewind=all&ticket=${query}`));
			}),
			{ numRuns: 400 },
		);
	});

	it("in the headers is stored or refused", async () => {
		await fc.assert(
			fc.asyncProperty(headerValue, headerValue, headerValue, async (key, match, cursor) => {
				const authorization = { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "application/json" };
				const published = await isHarmless(`/channels/${channel}/events`, {
					method: "POST",
					headers: { ...authorization, ...header("Idempotency-Key", key), ...header("If-Match", match) },
					body: '{"data":1}',
				});
				const headers = { Authorization: `Bearer ${await anybody()}`, ...header("Last-Event-ID", cursor), Origin: key };
				return published && (await isHarmless(`/events?channel=${secretive}`, { headers }));
			}),
			{ numRuns: 400 },
		);
	});

	it("has met every kind of answer on the way", () => {
		expectAnswers(200, 201, 400, 401, 403);
	});
});

// It is the same in both ways of delivery.
if (!CHANNELS_SLEEP) {
	describe("random input to what opens none", () => {
		it("as the body of a publish is stored or refused", async () => {
			await fc.assert(
				fc.asyncProperty(
					fc.oneof(
						bytes,
						nastyText,
						nastyJson.map((json) => JSON.stringify(json)),
					),
					contentType,
					(body, type) =>
						isHarmless(`/channels/${channel}/events`, {
							method: "POST",
							headers: { Authorization: `Bearer ${PUBLISH_KEY}`, ...header("Content-Type", type) },
							body,
						}),
				),
				{ numRuns: 800 },
			);
		});

		it("as the body of a ticket request is answered or refused", async () => {
			const body = fc.oneof(
				bytes,
				nastyJson.map((json) => JSON.stringify(json)),
				fc
					.record(
						{ user: nastyJson, channels: nastyJson, claims: nastyJson, expiresIn: nastyJson, resumable: nastyJson },
						{ requiredKeys: [] },
					)
					.map((json) => JSON.stringify(json)),
			);
			await fc.assert(
				fc.asyncProperty(body, fc.constantFrom(PUBLISH_KEY, alice), (body, credential) =>
					isHarmless("/tickets", {
						method: "POST",
						headers: { Authorization: `Bearer ${credential}`, "Content-Type": "application/json" },
						body,
					}),
				),
				{ numRuns: 400 },
			);
		});

		it("in the path leads nowhere", async () => {
			const path = fc.oneof(
				encoded.map((name) => `/channels/${name}`),
				encoded.map((name) => `/channels/${name}/events?after=${name}&limit=${name}`),
				encoded.map((name) => `/channels/${name}/subscribers?user=${name}`),
				encoded.map((name) => `/connections/${name}`),
				encoded.map((name) => `/${name}`),
				nastyText.map((text) => `/users/${text}/events`),
			);
			const method = fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD");
			const credential = fc.oneof(fc.constantFrom(alice, "nonsense"), encoded);
			await fc.assert(
				fc.asyncProperty(path, method, credential, (path, method, credential) =>
					isHarmless(path, { method, headers: { Authorization: `Bearer ${credential}` } }),
				),
				{ numRuns: 800 },
			);
		});

		it("has met every kind of answer on the way", () => {
			expectAnswers(201, 204, 400, 401, 404, 405, 415);
		});
	});
}
