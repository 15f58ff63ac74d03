import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { vi } from "vitest";

/** The first keys of each provider, by its URL: the service has them cached, and files share a workerd. */
const firstPairs = new Map<string, Promise<CryptoKeyPair>>();

function newPair(): Promise<CryptoKeyPair> {
	return generateKeyPair("ES256", { extractable: true });
}

/** An identity provider for tests: keys of its own, served at `JWKS_URL`, and tokens with whatever a test needs. */
export class TestIssuer {
	readonly jwksUrl: string;
	/** How often its keys were fetched. */
	fetches = 0;
	/** Whether it answers. */
	isDown = false;
	#pair: CryptoKeyPair;
	#kid: string | null;
	#held: Promise<void> = Promise.resolve();

	private constructor(jwksUrl: string, pair: CryptoKeyPair, kid: string | null) {
		this.jwksUrl = jwksUrl;
		this.#pair = pair;
		this.#kid = kid;
	}

	/** Starts an issuer that answers at a URL from now on. Without a `kid`, neither keys nor tokens have one. */
	static async start(
		jwksUrl = "http://localhost:8788/.well-known/jwks.json",
		kid: string | null = "key-1",
	): Promise<TestIssuer> {
		const pair = firstPairs.get(jwksUrl) ?? newPair();
		firstPairs.set(jwksUrl, pair);
		const issuer = new TestIssuer(jwksUrl, await pair, kid);
		const passOn = globalThis.fetch;
		vi.stubGlobal("fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
			const { url } = new Request(input);
			return url === jwksUrl ? await issuer.#answer() : await passOn(input, init);
		});
		return issuer;
	}

	/** Signs with a new key from now on, and publishes only that. */
	async rotate(kid: string | null): Promise<void> {
		this.#pair = await newPair();
		this.#kid = kid;
	}

	/** Its answers are made, and sent only when the function that this gives is called. */
	holdAnswers(): () => void {
		const { promise, resolve } = Promise.withResolvers<void>();
		this.#held = promise;
		return resolve;
	}

	/** The public key as text: what an attacker has. */
	async publicKeyText(): Promise<string> {
		return JSON.stringify(await exportJWK(this.#pair.publicKey));
	}

	/** A token that the service accepts, with some claims changed; `undefined` takes one away. */
	async token(claims: Record<string, unknown> = {}): Promise<string> {
		const now = Math.floor(Date.now() / 1000);
		const standard = {
			iss: "http://localhost:8788",
			aud: "tidings",
			sub: "alice",
			iat: now,
			exp: now + 3600,
			channels: ["orders", "chat:*"],
		};
		return await new SignJWT({ ...standard, ...claims })
			.setProtectedHeader({ alg: "ES256", ...this.#name() })
			.sign(this.#pair.privateKey);
	}

	async #answer(): Promise<Response> {
		this.fetches += 1;
		if (this.isDown) throw new TypeError("connection refused");
		const key = { ...(await exportJWK(this.#pair.publicKey)), ...this.#name(), alg: "ES256" };
		await this.#held;
		return Response.json({ keys: [key] });
	}

	#name(): { kid?: string } {
		return this.#kid === null ? {} : { kid: this.#kid };
	}
}
