import { scrypt } from "@noble/hashes/scrypt.js";
import { bytesToHex, hexToBytes, randomBytes } from "@noble/hashes/utils.js";

/**
 * Passwords are hashed with scrypt at one of the costs that OWASP recommends: N = 2^14, r = 8, p = 5, which takes 16 MiB
 * and about half a second of CPU.
 *
 * Web Crypto's PBKDF2 is not an option: Cloudflare refuses more than 100,000 iterations, where 600,000 are recommended.
 * (The local runtime has no such limit, so it would only fail once deployed.) A larger N with a smaller p would cost an
 * attacker the same, but needs more memory, and an isolate has 128 MB for everything.
 */
const COST = { N: 2 ** 14, r: 8, p: 5 };

const SALT_BYTES = 16;
const KEY_BYTES = 32;

/** A hash that no password matches, for unknown usernames. It takes as long to verify as any other. */
export const NOBODYS_HASH = format(COST, new Uint8Array(SALT_BYTES), new Uint8Array(KEY_BYTES));

/** Hashes a password. The hash records its cost, so that the cost can be raised later. */
export function hashPassword(password: string): string {
	const salt = randomBytes(SALT_BYTES);
	return format(COST, salt, derive(password, salt, COST));
}

/** Whether a password matches a hash. Compares in constant time. */
export function verifyPassword(password: string, hash: string): boolean {
	const { cost, salt, key } = parse(hash);
	const offered = derive(password, salt, cost);
	let difference = offered.length ^ key.length;
	for (const [index, byte] of offered.entries()) difference |= byte ^ (key[index] ?? 0);
	return difference === 0;
}

/** Whether a hash was made at a cost other than the current one. */
export function isOutdated(hash: string): boolean {
	const { N, r, p } = parse(hash).cost;
	return N !== COST.N || r !== COST.r || p !== COST.p;
}

function derive(password: string, salt: Uint8Array, cost: typeof COST): Uint8Array {
	// The same password may be typed as different code points on different machines.
	return scrypt(password.normalize("NFC"), salt, { ...cost, dkLen: KEY_BYTES });
}

function format({ N, r, p }: typeof COST, salt: Uint8Array, key: Uint8Array): string {
	return ["scrypt", N, r, p, bytesToHex(salt), bytesToHex(key)].join(":");
}

function parse(hash: string) {
	const [algorithm, N, r, p, salt, key] = hash.split(":");
	if (algorithm !== "scrypt" || !salt || !key) throw new Error("A password hash in the database is malformed.");
	return {
		cost: { N: Number(N), r: Number(r), p: Number(p) },
		salt: hexToBytes(salt),
		key: hexToBytes(key),
	};
}
