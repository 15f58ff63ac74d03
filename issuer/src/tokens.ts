import type { IssuerEnv } from "./env.ts";
import { Sessions } from "./sessions.ts";
import type { Settings } from "./settings.ts";
import { type SigningKey, signingKey } from "./signing-key.ts";
import type { User } from "./users.ts";

/** The answer to a log-in or a refresh. */
export interface TokenPair {
	accessToken: string;
	tokenType: "Bearer";
	/** In seconds. */
	accessTokenExpiresIn: number;
	refreshToken: string;
	/** In seconds. */
	refreshTokenExpiresIn: number;
}

/** Issues access tokens, with refresh tokens. */
export class Tokens {
	readonly #settings: Settings;
	readonly #key: DurableObjectStub<SigningKey>;
	readonly #sessions: Sessions;

	constructor(env: IssuerEnv, settings: Settings) {
		this.#settings = settings;
		this.#key = signingKey(env.SIGNING_KEY);
		this.#sessions = new Sessions(env.DB, settings.REFRESH_TOKEN_SECONDS);
	}

	/** Begins a session for a user who has just logged in. */
	async begin(user: User): Promise<TokenPair> {
		return await this.#pair(user, await this.#sessions.begin(user.username));
	}

	/** Exchanges a refresh token for a new pair; `undefined` if it is not valid. */
	async refresh(refreshToken: string): Promise<TokenPair | undefined> {
		const rotated = await this.#sessions.rotate(refreshToken);
		return rotated && (await this.#pair(rotated.user, rotated.token));
	}

	/** Ends the session of a refresh token. */
	async end(refreshToken: string): Promise<void> {
		await this.#sessions.end(refreshToken);
	}

	async #pair({ username, channels }: User, refreshToken: string): Promise<TokenPair> {
		const { ISSUER, AUDIENCE, ACCESS_TOKEN_SECONDS, REFRESH_TOKEN_SECONDS } = this.#settings;
		const claims = { iss: ISSUER, aud: AUDIENCE, sub: username, jti: crypto.randomUUID(), channels };
		return {
			accessToken: await this.#key.sign(claims, ACCESS_TOKEN_SECONDS),
			tokenType: "Bearer",
			accessTokenExpiresIn: ACCESS_TOKEN_SECONDS,
			refreshToken,
			refreshTokenExpiresIn: REFRESH_TOKEN_SECONDS,
		};
	}
}
