import { afterAll, beforeAll, expect, it } from "vitest";
import { type Issuer, startIssuer } from "./support/issuer.ts";

let issuer: Issuer;

beforeAll(async () => {
	issuer = await startIssuer();
});

afterAll(() => issuer.stop());

it("The issuer's keys do not wait for the log-ins that came before them", async () => {
	const finished: string[] = [];
	const logIn = async (username: string) => {
		const { status } = await fetch(`${issuer.url}/login`, {
			method: "POST",
			body: JSON.stringify({ username, password: "wrong" }),
		});
		finished.push(`${status}`);
	};
	const logIns = Array.from({ length: 20 }, (_, index) => logIn(`nobody-${index}`));
	// The first is answered when the others are on their way.
	await Promise.race(logIns);
	const keys = await fetch(`${issuer.url}/.well-known/jwks.json`);
	finished.push("keys");
	expect(keys.status).toBe(200);
	await Promise.all(logIns);
	expect(finished.slice(finished.indexOf("keys")).filter((status) => status === "401").length).toBeGreaterThan(5);
	expect(finished).toContain("429");
});
