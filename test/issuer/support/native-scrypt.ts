import { scryptSync } from "node:crypto";

/**
 * Takes the place of `@noble/hashes/scrypt.js`, which is thirty times slower where vitest runs it than in the built Worker.
 * It gives the same hashes; that the Worker's own does, is seen by the demo users' log-ins in `test/e2e`.
 */
export function scrypt(
	password: string,
	salt: Uint8Array,
	{ dkLen, ...cost }: { N: number; r: number; p: number; dkLen: number },
): Uint8Array {
	return new Uint8Array(scryptSync(password, salt, dkLen, cost));
}
