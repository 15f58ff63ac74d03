import { exportJWK, type JWK } from "jose";

/** An RSA key of 1,024 bits, and tokens that it signs: too short for the library to make or to apply. */
export class WeakKey {
	readonly jwk: JWK;
	readonly #privateKey: CryptoKey;

	private constructor(jwk: JWK, privateKey: CryptoKey) {
		this.jwk = jwk;
		this.#privateKey = privateKey;
	}

	static async make(kid: string): Promise<WeakKey> {
		const size = { modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]) };
		const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", ...size };
		const pair = (await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
		return new WeakKey({ ...(await exportJWK(pair.publicKey)), alg: "RS256", kid }, pair.privateKey);
	}

	/** A token that is good but for its key. */
	async token(name: { kid?: string | undefined } = { kid: this.jwk.kid }): Promise<string> {
		const now = Math.floor(Date.now() / 1000);
		const claims = { iss: "http://localhost:8788", aud: "tidings", sub: "alice", iat: now, exp: now + 3600 };
		const input = [{ alg: "RS256", ...name }, claims].map((part) => encode(JSON.stringify(part))).join(".");
		const bytes = new TextEncoder().encode(input);
		const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", this.#privateKey, bytes);
		return `${input}.${toBase64Url(new Uint8Array(signature))}`;
	}
}

function encode(text: string): string {
	return toBase64Url(new TextEncoder().encode(text));
}

function toBase64Url(bytes: Uint8Array): string {
	return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
