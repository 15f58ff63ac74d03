import { env } from "cloudflare:workers";
import { hashPassword } from "../../../issuer/src/passwords.ts";
import worker from "../../../issuer/src/worker.ts";

/** Calls of the issuer, each from an address of its own unless a test says otherwise. */

export const PASSWORD = "correct horse battery staple";

export interface Pair {
	accessToken: string;
	tokenType: string;
	accessTokenExpiresIn: number;
	refreshToken: string;
	refreshTokenExpiresIn: number;
}

/** Settings besides those of wrangler.toml. */
export type Settings = Record<string, string>;

export interface Answer<Body> {
	status: number;
	headers: Headers;
	body: Body;
}

let addresses = 0;
let names = 0;

export function freshAddress(): string {
	addresses++;
	return `192.0.2.${addresses}`;
}

export async function call<Body = { code: string }>(
	path: string,
	init: RequestInit = {},
	settings: Settings = {},
): Promise<Answer<Body>> {
	const request = new Request(`http://issuer.test${path}`, init);
	if (!request.headers.has("CF-Connecting-IP")) request.headers.set("CF-Connecting-IP", freshAddress());
	const response = await worker.fetch(request, { ...env, ...settings });
	const text = await response.text();
	return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
}

export function post<Body = { code: string }>(
	path: string,
	body: unknown,
	settings: Settings = {},
	headers: Record<string, string> = {},
): Promise<Answer<Body>> {
	return call<Body>(path, { method: "POST", headers, body: JSON.stringify(body) }, settings);
}

/** Adds a user whom no other test knows. */
export async function freshUser(channels: string[] = []): Promise<string> {
	names++;
	const username = `user-${names}`;
	await env.DB.prepare("INSERT INTO users (username, password_hash, channels) VALUES (?, ?, ?)")
		.bind(username, hashPassword(PASSWORD), JSON.stringify(channels))
		.run();
	return username;
}

export async function logIn(username: string, settings: Settings = {}): Promise<Pair> {
	const { status, body } = await post<Pair>("/login", { username, password: PASSWORD }, settings);
	if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
	return body;
}

export function refresh(token: string, settings: Settings = {}) {
	return post<Pair & { code?: string }>("/token", { token }, settings);
}
