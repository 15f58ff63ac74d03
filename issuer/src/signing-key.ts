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
import { type IssuerEnv, readSettings } from "./settings.ts";
import { unixTime } from "./time.ts";

const ALGORITHM = "ES256";
const DAY_SECONDS = 86_400;

/** Verifiers allow for clocks that differ: they take a token for a little longer than it says. */
const CLOCK_TOLERANCE_SECONDS = 60;

interface CurrentKey {
	privateKey: JWK;
	publicKey: JWK;
	madeAt: number;
	/** The longest life of a token that it signed: the setting may have been another before. */
	tokenSeconds: number;
}

/** A key that signs no more. Its private half is gone. */
interface RetiredKey {
	publicKey: JWK;
	/** When the last of its tokens ends. */
	neededUntil: number;
}

/**
 * The issuer's key: made on first use, kept, and never shown. There is one object of it.
 *
 * A key that is older than KEY_ROTATION_DAYS is replaced before the next token is signed, so no alarm is needed. The new
 * one signs at once, since tidings looks a key that it does not know up again (every 10 seconds at most). The old one
 * stays public until the last token that it signed has ended.
 */
export class SigningKey extends DurableObject<IssuerEnv> {
	/** The public halves, as a JSON Web Key Set has them (RFC 7517). */
	async publicKeys(): Promise<JWK[]> {
		const current = await this.#current();
		return [current, ...(await this.#retired())].map(({ publicKey }) => publicKey);
	}

	/** Signs claims (RFC 7519), and adds from when until when they are good. */
	async sign(claims: JWTPayload, seconds: number): Promise<string> {
		let current = await this.#current();
		const now = unixTime();
		if (now >= current.madeAt + readSettings(this.env).KEY_ROTATION_DAYS * DAY_SECONDS) current = await this.rotate();
		if (seconds > current.tokenSeconds) {
			current.tokenSeconds = seconds;
			await this.ctx.storage.put("current", current);
		}
		return await new SignJWT({ ...claims, iat: now, exp: now + seconds })
			.setProtectedHeader({ alg: ALGORITHM, typ: "JWT", kid: current.publicKey.kid as string })
			.sign(await importJWK(current.privateKey, ALGORITHM));
	}

	/** Replaces the key. */
	async rotate(): Promise<CurrentKey> {
		return await this.ctx.blockConcurrencyWhile(async () => {
			const old = await this.ctx.storage.get<CurrentKey>("current");
			if (old) {
				const neededUntil = unixTime() + old.tokenSeconds + CLOCK_TOLERANCE_SECONDS;
				const retired = [{ publicKey: old.publicKey, neededUntil }, ...(await this.#retired())];
				await this.ctx.storage.put("retired", retired);
			}
			return await this.#makeKey();
		});
	}

	/** Replaces the key, and has every token that was signed before refused: it may have leaked. */
	async replaceLeaked(): Promise<void> {
		await this.ctx.blockConcurrencyWhile(async () => {
			await this.ctx.storage.delete("retired");
			await this.#makeKey();
		});
	}

	async #current(): Promise<CurrentKey> {
		const known = () => this.ctx.storage.get<CurrentKey>("current");
		return (
			(await known()) ?? (await this.ctx.blockConcurrencyWhile(async () => (await known()) ?? (await this.#makeKey())))
		);
	}

	async #retired(): Promise<RetiredKey[]> {
		const retired = (await this.ctx.storage.get<RetiredKey[]>("retired")) ?? [];
		return retired.filter(({ neededUntil }) => neededUntil > unixTime());
	}

	async #makeKey(): Promise<CurrentKey> {
		const pair = await generateKeyPair(ALGORITHM, { extractable: true });
		const publicKey = await exportJWK(pair.publicKey);
		const kid = await calculateJwkThumbprint(publicKey);
		const key = {
			privateKey: await exportJWK(pair.privateKey),
			publicKey: { ...publicKey, kid, alg: ALGORITHM, use: "sig" },
			madeAt: unixTime(),
			tokenSeconds: 0,
		};
		await this.ctx.storage.put("current", key);
		return key;
	}
}
