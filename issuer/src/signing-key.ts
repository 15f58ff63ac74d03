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
import { unixTime } from "./time.ts";

const ALGORITHM = "ES256";
const DAY_SECONDS = 86_400;

/** Verifiers allow for clocks that differ: they take a token for a little longer than it says. */
const CLOCK_TOLERANCE_SECONDS = 60;

/** How long others may keep the key set before they read it again. */
export const KEY_SET_SECONDS = 60;
/** How long a key is public before it signs: longer than any copy of the key set is kept, here or elsewhere. */
const ANNOUNCED_SECONDS = 2 * KEY_SET_SECONDS;

interface CurrentKey {
	privateKey: JWK;
	publicKey: JWK;
	madeAt: number;
	/** The longest life of a token that it signed: the setting may have been another before. */
	tokenSeconds: number;
}

/** A key that is public and does not sign yet. */
interface NextKey extends CurrentKey {
	signsFrom: number;
}

/** A key that no longer signs. Its private half is deleted. */
interface RetiredKey {
	publicKey: JWK;
	/** When the last of its tokens ends. */
	neededUntil: number;
}

/**
 * The issuer's key: made on first use, stored, and never shown. One object holds it.
 *
 * Once a key is older than KEY_ROTATION_DAYS, the next token that is signed announces a new one; no alarm is needed. The
 * new key is public for {@link ANNOUNCED_SECONDS} before it signs, so that every cache of the key set has it by then.
 * The old key stays public until the last token that it signed has ended.
 */
export class SigningKey extends DurableObject<SettingVariables> {
	/** The public halves, as a JSON Web Key Set has them (RFC 7517). */
	async publicKeys(): Promise<JWK[]> {
		const current = await this.#current();
		const next = await this.#next();
		return [...(next ? [next] : []), current, ...(await this.#retired())].map(({ publicKey }) => publicKey);
	}

	/** Signs claims (RFC 7519), and adds from when until when they are good. */
	async sign(claims: JWTPayload, seconds: number): Promise<string> {
		const current = await this.#current();
		const now = unixTime();
		if (now >= current.madeAt + readSettings(this.env).KEY_ROTATION_DAYS * DAY_SECONDS) await this.rotate();
		if (seconds > current.tokenSeconds) {
			current.tokenSeconds = seconds;
			await this.ctx.storage.put("current", current);
		}
		return await new SignJWT({ ...claims, iat: now, exp: now + seconds })
			.setProtectedHeader({ alg: ALGORITHM, typ: "JWT", kid: current.publicKey.kid as string })
			.sign(await importJWK(current.privateKey, ALGORITHM));
	}

	/** Announces a new key, unless one has been announced already. */
	async rotate(): Promise<void> {
		await this.ctx.blockConcurrencyWhile(async () => {
			if (await this.#next()) return;
			const next: NextKey = { ...(await makeKey()), signsFrom: unixTime() + ANNOUNCED_SECONDS };
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
		const { signsFrom: _, ...current } = next ?? { ...(await makeKey()), signsFrom: 0 };
		if (old) {
			const neededUntil = unixTime() + old.tokenSeconds + CLOCK_TOLERANCE_SECONDS;
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
		return retired.filter(({ neededUntil }) => neededUntil > unixTime());
	}
}

export function signingKey(namespace: DurableObjectNamespace<SigningKey>): DurableObjectStub<SigningKey> {
	return namespace.getByName("issuer");
}

function isDue(next: NextKey | undefined): boolean {
	return next !== undefined && next.signsFrom <= unixTime();
}

async function makeKey(): Promise<CurrentKey> {
	const pair = await generateKeyPair(ALGORITHM, { extractable: true });
	const publicKey = await exportJWK(pair.publicKey);
	const kid = await calculateJwkThumbprint(publicKey);
	return {
		privateKey: await exportJWK(pair.privateKey),
		publicKey: { ...publicKey, kid, alg: ALGORITHM, use: "sig" },
		madeAt: unixTime(),
		tokenSeconds: 0,
	};
}
