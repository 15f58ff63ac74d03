import { beforeAll, describe, expect, it } from "vitest";
import { TestIssuer } from "../../support/issuer.ts";
import { call, problem } from "../../support/service.ts";

let issuer: TestIssuer;

beforeAll(async () => {
	issuer = await TestIssuer.start();
});

describe("the routes of a channel", () => {
	it.each([
		["GET", "/channels/orders"],
		["DELETE", "/channels/orders"],
		["GET", "/channels/orders/events"],
		["GET", "/channels/orders/subscribers"],
		["DELETE", "/channels/orders/subscribers?user=alice"],
	])("need a publish key, since they show what is addressed to others: %s %s", async (method, path) => {
		expect(await problem(await call(path, { method }))).toMatchObject({ status: 401, code: "missing_token" });
		const headers = { Authorization: `Bearer ${await issuer.token({ publish: ["*"] })}` };
		const refusal = await problem(await call(path, { method, headers }));
		expect(refusal).toMatchObject({ status: 403, code: "insufficient_scope" });
	});
});
