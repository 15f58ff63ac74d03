import {
	type Config,
	type ConfigOptions,
	namesIssuer,
	readConfig,
	readTokenConfig,
	type SettingsEnv,
	type TokenConfig,
} from "../config.ts";
import { Problem } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { forSubject } from "./grants.ts";
import { type AuthorisationHooks, askUser } from "./hooks.ts";
import { earliestIssue } from "./times.ts";
import type { User } from "./user.ts";
import { verifyToken } from "./verifier.ts";

const TICKETS_ONLY =
	"This service accepts tickets only, and no tokens: JWKS_URL, JWT_ISSUER and JWT_AUDIENCE are not set. Send a ticket as `ticket`; your backend makes it with a publish key (`POST /tickets`).";

/** Verifies the tokens of users. */
export interface Authenticator {
	/** The `iss` of the tokens; `undefined` where an `authenticate` hook decides, or where no tokens are accepted. */
	readonly issuer: string | undefined;
	/** @throws Problem `invalid_token`, `token_expired` or `jwks_unavailable`. */
	verify(token: string, request: Request): Promise<User>;
}

/**
 * Reads the settings. Those of the identity provider are read unless an `authenticate` hook takes its place.
 *
 * @throws Problem `misconfigured`, naming the setting.
 */
export function readSettings(env: SettingsEnv, options: AuthorisationHooks & ConfigOptions): Config | TokenConfig {
	const hasIssuer = options.authenticate === undefined && namesIssuer(env);
	return hasIssuer ? readTokenConfig(env, options) : readConfig(env, options);
}

/** Verifies tokens with the `authenticate` hook, or with the keys of the identity provider. */
export function authenticatorOf(
	config: Config | TokenConfig,
	{ authenticate }: AuthorisationHooks,
	logger: Logger,
): Authenticator {
	if (authenticate) {
		return { issuer: undefined, verify: (token, request) => askHook(authenticate, token, request, config, logger) };
	}
	if ("JWT_ISSUER" in config) {
		return { issuer: config.JWT_ISSUER, verify: (token) => verifyToken(token, config) };
	}
	return { issuer: undefined, verify: refuseToken };
}

async function refuseToken(): Promise<never> {
	throw new Problem("invalid_token", TICKETS_ONLY);
}

async function askHook(
	authenticate: NonNullable<AuthorisationHooks["authenticate"]>,
	token: string,
	request: Request,
	{ DEFAULT_CHANNELS }: Config,
	logger: Logger,
): Promise<User> {
	const { sub, expires, claims, channels, publish, issuedAt } = await askUser(authenticate, token, request, logger);
	if (expires * 1000 <= Date.now()) {
		throw new Problem("token_expired", "The session of this token has ended. Get a new token.");
	}
	return {
		sub,
		expires,
		claims: { ...claims, sub },
		channels: [...channels, ...forSubject(DEFAULT_CHANNELS, sub)],
		publish,
		issuedAt: earliestIssue(issuedAt),
	};
}
