import { DurableObject } from "cloudflare:workers";
import {
	calculateJwkThumbprint,
	exportJWK,
	generateKeyPair,
	importJWK,
	type JWK,
	type JWTPayload,
	SignJWT,
} from "jose";

const ALGORITHM = "ES256";

interface StoredKey {
	privateKey: JWK;
	publicKey: JWK;
}

/** The issuer's key: made on first use, kept, and never shown. There is one object of it. */
export class SigningKey extends DurableObject {
	/** The public half, as a JSON Web Key Set has it (RFC 7517). */
	async publicKey(): Promise<JWK> {
		return (await this.#key()).publicKey;
	}

	/** Signs claims (RFC 7519). */
	async sign(claims: JWTPayload): Promise<string> {
		const { privateKey, publicKey } = await this.#key();
		return await new SignJWT(claims)
			.setProtectedHeader({ alg: ALGORITHM, typ: "JWT", kid: publicKey.kid as string })
			.sign(await importJWK(privateKey, ALGORITHM));
	}

	async #key(): Promise<StoredKey> {
		return (
			(await this.ctx.storage.get<StoredKey>("key")) ?? (await this.ctx.blockConcurrencyWhile(() => this.#makeKey()))
		);
	}

	async #makeKey(): Promise<StoredKey> {
		const known = await this.ctx.storage.get<StoredKey>("key");
		if (known) return known;
		const pair = await generateKeyPair(ALGORITHM, { extractable: true });
		const publicKey = await exportJWK(pair.publicKey);
		const kid = await calculateJwkThumbprint(publicKey);
		const key = {
			privateKey: await exportJWK(pair.privateKey),
			publicKey: { ...publicKey, kid, alg: ALGORITHM, use: "sig" },
		};
		await this.ctx.storage.put("key", key);
		return key;
	}
}
