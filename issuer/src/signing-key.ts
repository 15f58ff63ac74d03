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
import { readSettings, type SettingVariables } from "./settings.ts";
import { unixSeconds } from "./time.ts";

const ALGORITHM = "ES256";
const DAY_SECONDS = 86_400;

/** Verifiers accept a token for a little longer than its lifetime, because clocks differ. */
const CLOCK_TOLERANCE_SECONDS = 60;

/** How long others may cache the key set. */
export const KEY_SET_SECONDS = 60;
/** How long a key is public before it signs. It is longer than any cache keeps the key set, here or elsewhere. */
const ANNOUNCED_SECONDS = 2 * KEY_SET_SECONDS;

/** The key that signs. Times are in unix seconds, here and below. */
interface CurrentKey {
	privateKey: JWK;
	publicKey: JWK;
	madeAt: number;
	/** The longest lifetime of the tokens that it signed. The setting may have changed meanwhile. */
	tokenSeconds: number;
}

/** A key that is public, but does not sign yet. */
interface NextKey extends CurrentKey {
	signsFrom: number;
}

/** A key that no longer signs. Its private half is deleted. */
interface RetiredKey {
	publicKey: JWK;
	/** When the last token that it signed expires. */
	neededUntil: number;
}

/**
 * The issuer's key pair. One object creates it on first use and stores it. The private key never leaves the object.
 *
 * Once the key is older than KEY_ROTATION_DAYS, the next call to sign a token announces a new key, so no alarm is needed.
 * The new key is public for {@link ANNOUNCED_SECONDS} before it signs, so that every cache of the key set has it by then.
 * The old key stays public until the last token that it signed has expired.
 */
export class SigningKey extends DurableObject<SettingVariables> {
	/** The public keys, as a JSON Web Key Set holds them (RFC 7517). */
	async publicKeys(): Promise<JWK[]> {
		const current = await this.#current();
		const next = await this.#next();
		return [...(next ? [next] : []), current, ...(await this.#retired())].map(({ publicKey }) => publicKey);
	}

	/** Signs a token (RFC 7519) with these claims, `iat` and `exp`. */
	async sign(claims: JWTPayload, lifetimeSeconds: number): Promise<string> {
		const current = await this.#current();
		const now = unixSeconds();
		if (now >= current.madeAt + readSettings(this.env).KEY_ROTATION_DAYS * DAY_SECONDS) await this.rotate();
		if (lifetimeSeconds > current.tokenSeconds) {
			current.tokenSeconds = lifetimeSeconds;
			await this.ctx.storage.put("current", current);
		}
		return await new SignJWT({ ...claims, iat: now, exp: now + lifetimeSeconds })
			.setProtectedHeader({ alg: ALGORITHM, typ: "JWT", kid: current.publicKey.kid as string })
			.sign(await importJWK(current.privateKey, ALGORITHM));
	}

	/** Announces a new key, unless one has been announced already. */
	async rotate(): Promise<void> {
		await this.ctx.blockConcurrencyWhile(async () => {
			if (await this.#next()) return;
			const next: NextKey = { ...(await makeKey()), signsFrom: unixSeconds() + ANNOUNCED_SECONDS };
			await this.ctx.storage.put("next", next);
		});
	}

	/** Replaces the key at once, and invalidates every token that was signed before: the key may have leaked. */
	async replaceLeaked(): Promise<void> {
		await this.ctx.blockConcurrencyWhile(async () => {
			await this.ctx.storage.delete(["next", "retired"]);
			await this.ctx.storage.put("current", await makeKey());
		});
	}

	/** The key that signs now: the announced one takes over when its time has come. */
	async #current(): Promise<CurrentKey> {
		const [known, next] = await Promise.all([this.ctx.storage.get<CurrentKey>("current"), this.#next()]);
		if (known && !isDue(next)) return known;
		return await this.ctx.blockConcurrencyWhile(() => this.#advance());
	}

	async #advance(): Promise<CurrentKey> {
		const { storage } = this.ctx;
		const [old, next] = await Promise.all([storage.get<CurrentKey>("current"), this.#next()]);
		if (old && !isDue(next)) return old;
		const current = next ? withoutStart(next) : await makeKey();
		if (old) {
			const neededUntil = unixSeconds() + old.tokenSeconds + CLOCK_TOLERANCE_SECONDS;
			await storage.put("retired", [{ publicKey: old.publicKey, neededUntil }, ...(await this.#retired())]);
		}
		await storage.put("current", current);
		await storage.delete("next");
		return current;
	}

	async #next(): Promise<NextKey | undefined> {
		return await this.ctx.storage.get<NextKey>("next");
	}

	async #retired(): Promise<RetiredKey[]> {
		const retired = (await this.ctx.storage.get<RetiredKey[]>("retired")) ?? [];
		return retired.filter(({ neededUntil }) => neededUntil > unixSeconds());
	}
}

export function signingKey(namespace: DurableObjectNamespace<SigningKey>): DurableObjectStub<SigningKey> {
	return namespace.getByName("issuer");
}

function withoutStart({ signsFrom: _, ...key }: NextKey): CurrentKey {
	return key;
}

function isDue(next: NextKey | undefined): boolean {
	return next !== undefined && next.signsFrom <= unixSeconds();
}

async function makeKey(): Promise<CurrentKey> {
	const pair = await generateKeyPair(ALGORITHM, { extractable: true });
	const publicKey = await exportJWK(pair.publicKey);
	const kid = await calculateJwkThumbprint(publicKey);
	return {
		privateKey: await exportJWK(pair.privateKey),
		publicKey: { ...publicKey, kid, alg: ALGORITHM, use: "sig" },
		madeAt: unixSeconds(),
		tokenSeconds: 0,
	};
}
