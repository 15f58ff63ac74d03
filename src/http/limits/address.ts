import { deploymentKey, type Namespace } from "../../wire/deployment-key.ts";

const keyOf = deploymentKey("the key of addresses", { name: "HMAC", hash: "SHA-256" }, ["sign"]);
/** No address is longer. */
const MAX_CHARACTERS = 64;
const HASH_BYTES = 16;
const encoder = new TextEncoder();

/**
 * Returns what the streams of an anonymous client are counted by: a keyed hash of where it comes from, from which nobody
 * learns the address. Clients whose address is not known count as one.
 */
export async function addressHash(namespace: Namespace, { headers }: Request): Promise<string> {
	const network = networkOf(headers.get("CF-Connecting-IP") ?? "");
	const signature = await crypto.subtle.sign("HMAC", await keyOf(namespace), encoder.encode(network));
	return new Uint8Array(signature, 0, HASH_BYTES).toBase64({ alphabet: "base64url", omitPadding: true });
}

/**
 * Returns the network that one customer usually has: an IPv4 address, or the first 64 bits of an IPv6 address.
 *
 * @example
 * networkOf("192.0.2.7"); // "192.0.2.7"
 * networkOf("2001:db8::7"); // "2001:db8:0:0"
 * networkOf("::ffff:192.0.2.7"); // "c000:207"
 */
export function networkOf(address: string): string {
	const host = URL.parse(`http://[${address.slice(0, MAX_CHARACTERS)}]/`)?.hostname;
	if (host === undefined) return address.slice(0, MAX_CHARACTERS);
	const [before = [], after = []] = host
		.slice(1, -1)
		.split("::")
		.map((part) => part.split(":").filter((group) => group !== ""));
	const groups = [...before, ...Array<string>(8 - before.length - after.length).fill("0"), ...after];
	// An IPv4 address that is written as an IPv6 one (RFC 4291, section 2.5.5.2).
	if (groups.slice(0, 6).join(":") === "0:0:0:0:0:ffff") return groups.slice(6).join(":");
	return groups.slice(0, 4).join(":");
}
