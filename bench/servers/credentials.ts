import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { SETTINGS } from "../../scripts/workerd.ts";
import { sealTicket } from "../../src/auth/tickets.ts";

const HOUR_MILLISECONDS = 3_600_000;

/** An identity provider, with a token and a ticket for subscribers. */
export class Credentials implements AsyncDisposable {
	readonly #server: Server;
	readonly token: string;
	readonly ticket: string;

	private constructor(server: Server, token: string, ticket: string) {
		this.#server = server;
		this.token = token;
		this.ticket = ticket;
	}

	static async create(): Promise<Credentials> {
		const { publicKey, privateKey } = await generateKeyPair("RS256");
		const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: "RS256", kid: "bench" }] });
		const server = createServer((_, response) => void response.end(jwks)).listen(0, "127.0.0.1");
		await once(server, "listening");
		const token = await new SignJWT({ channels: ["*"] })
			.setProtectedHeader({ alg: "RS256", kid: "bench" })
			.setSubject("bench")
			.setIssuer(SETTINGS.JWT_ISSUER)
			.setAudience(SETTINGS.JWT_AUDIENCE)
			.setIssuedAt()
			.setExpirationTime("1h")
			.sign(privateKey);
		return new Credentials(server, token, await ticket());
	}

	/** The URL of the keys that verify the token. */
	get keysUrl(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#server.closeAllConnections();
		this.#server.close();
		await once(this.#server, "close");
	}
}

async function ticket(): Promise<string> {
	const now = Date.now();
	const lasting = { opensUntil: now + HOUR_MILLISECONDS, streamFor: HOUR_MILLISECONDS, resumesUntil: null };
	const holder = { user: "bench", claims: {}, channels: ["*"], issuedAt: now / 1000 };
	const seal = { secrets: [SETTINGS.TICKET_SECRET], issuer: SETTINGS.JWT_ISSUER } as const;
	return await sealTicket({ ...holder, ...lasting, endsAt: now + 2 * HOUR_MILLISECONDS }, seal);
}
