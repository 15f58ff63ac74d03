import { EncryptJWT, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { openTicket, sealTicket, type Ticket, type TicketSeal, ticketKey } from "../../src/auth/tickets.ts";

const SECRET = "a-ticket-secret-0123456789abcdef0123";
const ISSUER = "https://id.example.com/";
const SEAL: TicketSeal = { secrets: [SECRET], issuer: ISSUER };
const OTHER_SEAL: TicketSeal = { secrets: [`${SECRET}x`], issuer: ISSUER };
const NOW = 1_795_223_089_123;

/** Opens streams for 300 s, each for 3600 s. */
const TICKET: Ticket = {
	user: "alice",
	claims: { sub: "alice", role: "admin" },
	channels: ["orders", "chat:*"],
	issuedAt: 1_795_223_000,
	opensUntil: NOW + 300_000,
	streamFor: 3_600_000,
	resumesUntil: null,
	endsAt: NOW + 3_900_000,
};

function problem(code: string) {
	return expect.objectContaining({ name: "Problem", code });
}

async function opened(ticket: Ticket, now: number, resuming = false) {
	return await openTicket(await sealTicket(ticket, SEAL), SEAL, now, resuming);
}

describe("sealTicket", () => {
	it("returns a string that needs no escaping in a URL", async () => {
		const text = await sealTicket(TICKET, SEAL);
		expect(encodeURIComponent(text)).toBe(text);
	});

	it("reveals nothing of the ticket", async () => {
		const text = await sealTicket({ ...TICKET, user: "a-subject-to-look-for" }, SEAL);
		const shown = text.split(".").map((part) => atob(part.replaceAll("-", "+").replaceAll("_", "/")));
		expect(shown.join("")).not.toMatch(/a-subject|role|orders/);
	});

	it("never returns the same string twice", async () => {
		expect(await sealTicket(TICKET, SEAL)).not.toBe(await sealTicket(TICKET, SEAL));
	});
});

describe("openTicket", () => {
	it("returns the ticket's user, who may not publish", async () => {
		expect((await opened(TICKET, NOW)).user).toEqual({
			sub: "alice",
			claims: { sub: "alice", role: "admin" },
			channels: ["orders", "chat:*"],
			publish: [],
			issuedAt: 1_795_223_000,
			expires: 1_795_226_689,
		});
	});

	it.each(["auth0|1", "é😀", "\u2028", '"\\', "\0"])("preserves the user %j", async (user) => {
		expect((await opened({ ...TICKET, user }, NOW)).user.sub).toBe(user);
	});

	it("has no time of issue when the underlying credentials have none", async () => {
		const { issuedAt: _issuedAt, ...ticket } = TICKET;
		expect((await opened(ticket, NOW)).user.issuedAt).toBeUndefined();
	});

	it("preserves claims of any shape", async () => {
		const claims = { roles: ["a", "b"], nested: { deep: [null, 1.5, true] }, "https://x/y": "z" };
		expect((await opened({ ...TICKET, claims }, NOW)).user.claims).toEqual(claims);
	});

	it("accepts a ticket until it expires, and not at that moment", async () => {
		await expect(opened(TICKET, TICKET.opensUntil - 1)).resolves.toBeDefined();
		await expect(opened(TICKET, TICKET.opensUntil)).rejects.toThrow(problem("token_expired"));
	});

	it("limits a stream's lifetime from when it is opened", async () => {
		expect((await opened(TICKET, NOW)).endsAt).toBe(NOW + 3_600_000);
		expect((await opened(TICKET, NOW + 10_000)).endsAt).toBe(NOW + 3_610_000);
	});

	it("ends every stream with the underlying credentials", async () => {
		const { endsAt, user } = await opened({ ...TICKET, endsAt: NOW + 5500 }, NOW);
		expect(endsAt).toBe(NOW + 5500);
		expect(user.expires).toBe(Math.floor((NOW + 5500) / 1000));
	});

	it("refuses an expired ticket that is not resumable, even with a cursor", async () => {
		await expect(opened(TICKET, TICKET.opensUntil, true)).rejects.toThrow(problem("token_expired"));
	});

	describe("a resumable ticket", () => {
		const resumable = { ...TICKET, resumesUntil: NOW + 3_600_000 };

		it("resumes streams with a cursor after it has expired, until the stream's lifetime is over", async () => {
			const { endsAt, user } = await opened(resumable, resumable.opensUntil, true);
			expect(endsAt).toBe(resumable.resumesUntil);
			expect(user.expires).toBe(Math.floor(resumable.resumesUntil / 1000));
			expect((await opened(resumable, resumable.resumesUntil - 1, true)).endsAt).toBe(resumable.resumesUntil);
			await expect(opened(resumable, resumable.resumesUntil, true)).rejects.toThrow(problem("token_expired"));
		});

		it("opens no stream without a cursor after it has expired", async () => {
			await expect(opened(resumable, resumable.opensUntil, false)).rejects.toThrow(problem("token_expired"));
		});

		it("ends resumed streams with the underlying credentials", async () => {
			const ticket = { ...resumable, endsAt: NOW + 400_000 };
			expect((await opened(ticket, NOW + 350_000, true)).endsAt).toBe(NOW + 400_000);
		});

		it("works like any other ticket before it expires", async () => {
			expect((await opened(resumable, NOW, true)).endsAt).toBe(NOW + 3_600_000);
			expect((await opened(resumable, NOW, false)).endsAt).toBe(NOW + 3_600_000);
		});

		it("can stop resuming streams before it expires", async () => {
			const ticket = { ...TICKET, streamFor: 1000, resumesUntil: NOW + 1000 };
			expect((await opened(ticket, NOW + 200_000, true)).endsAt).toBe(NOW + 201_000);
			await expect(opened(ticket, TICKET.opensUntil, true)).rejects.toThrow(problem("token_expired"));
		});
	});

	it("refuses a ticket that was encrypted with another secret", async () => {
		const text = await sealTicket(TICKET, OTHER_SEAL);
		await expect(openTicket(text, SEAL, NOW, false)).rejects.toThrow(problem("invalid_token"));
	});

	it("decrypts with either of two secrets, and encrypts with the first", async () => {
		const old = "an-older-secret-0123456789abcdef0123";
		const both: TicketSeal = { secrets: [SECRET, old], issuer: ISSUER };
		const alone: TicketSeal = { secrets: [old], issuer: ISSUER };
		for (const seal of [SEAL, alone, both]) {
			expect((await openTicket(await sealTicket(TICKET, seal), both, NOW, false)).user.sub).toBe("alice");
		}
		const text = await sealTicket(TICKET, both);
		expect((await openTicket(text, SEAL, NOW, false)).user.sub).toBe("alice");
		await expect(openTicket(text, alone, NOW, false)).rejects.toThrow(problem("invalid_token"));
		await expect(openTicket(await sealTicket(TICKET, OTHER_SEAL), both, NOW, false)).rejects.toThrow(
			problem("invalid_token"),
		);
	});

	it("refuses a ticket of a service with the same secret but another issuer, or none", async () => {
		const seals = [SEAL, { ...SEAL, issuer: "https://other.example.com/" }, { ...SEAL, issuer: undefined }];
		for (const sealing of seals) {
			const text = await sealTicket(TICKET, sealing);
			for (const opening of seals) {
				const outcome = openTicket(text, opening, NOW, false).then(
					() => sealing,
					() => undefined,
				);
				expect(await outcome).toBe(opening === sealing ? sealing : undefined);
			}
		}
	});

	it("refuses a ticket that was encrypted with a plain digest of the secret", async () => {
		const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(SECRET));
		const text = await new EncryptJWT({ ...TICKET })
			.setProtectedHeader({ alg: "dir", enc: "A256GCM" })
			.setAudience("tidings:ticket")
			.encrypt(new Uint8Array(digest));
		await expect(openTicket(text, SEAL, NOW, false)).rejects.toThrow(problem("invalid_token"));
	});

	it("refuses a ticket with any single character changed", async () => {
		const text = await sealTicket(TICKET, SEAL);
		for (let index = 0; index < text.length; index += 7) {
			const changed = text.slice(0, index) + (text[index] === "A" ? "B" : "A") + text.slice(index + 1);
			await expect(openTicket(changed, SEAL, NOW, false), `character ${index}`).rejects.toThrow(
				problem("invalid_token"),
			);
		}
	});

	it.each([
		"",
		"x",
		"....",
		"a.b.c.d.e",
		"a.b.c",
		"\0",
		"é",
		"{}",
		"eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0....",
		"eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
		"eyJhbGciOiJub25lIn0.e30.",
		"eyJhbGciOiJQQkVTMi1IUzI1NitBMTI4S1ciLCJlbmMiOiJBMjU2R0NNIiwicDJjIjo5OTk5OTk5OTksInAycyI6IkFBQUEifQ.AAAA.AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
		"9".repeat(100_000),
	])("refuses %j", async (text) => {
		await expect(openTicket(text, SEAL, NOW, false)).rejects.toThrow(problem("invalid_token"));
	});

	it("refuses a token that was encrypted with its key for another audience", async () => {
		const sealed = new EncryptJWT({ ...TICKET }).setProtectedHeader({ alg: "dir", enc: "A256GCM" });
		const key = await ticketKey(SECRET, ISSUER);
		for (const text of [await sealed.encrypt(key), await sealed.setAudience("tidings").encrypt(key)]) {
			await expect(openTicket(text, SEAL, NOW, false)).rejects.toThrow(problem("invalid_token"));
		}
	});

	it("refuses a token that was signed with its secret instead of encrypted", async () => {
		const text = await new SignJWT({ ...TICKET })
			.setProtectedHeader({ alg: "HS256" })
			.setAudience("tidings:ticket")
			.sign(new TextEncoder().encode(SECRET));
		await expect(openTicket(text, SEAL, NOW, false)).rejects.toThrow(problem("invalid_token"));
	});

	it.each([
		{ user: 7 },
		{ user: "" },
		{ user: "*" },
		{ user: "\ud800" },
		{ channels: "orders" },
		{ opensUntil: "soon" },
		{ endsAt: null },
		{ resumesUntil: "never" },
	])("refuses a ticket of another version of the service, with %j", async (change) => {
		const text = await new EncryptJWT({ ...TICKET, ...change })
			.setProtectedHeader({ alg: "dir", enc: "A256GCM" })
			.setAudience("tidings:ticket")
			.encrypt(await ticketKey(SECRET, ISSUER));
		await expect(openTicket(text, SEAL, NOW, false)).rejects.toThrow(problem("invalid_token"));
	});

	it("does not leak the ticket or the secret in its errors", async () => {
		const text = await sealTicket(TICKET, OTHER_SEAL);
		const error: unknown = await openTicket(text, SEAL, NOW, false).catch((thrown: unknown) => thrown);
		expect(String(error)).not.toContain(text.slice(-22));
		expect(String(error)).not.toContain(SECRET);
	});
});
