import type { PasswordHasher } from "./password-hasher.ts";
import type { SettingVariables } from "./settings.ts";
import type { SigningKey } from "./signing-key.ts";

/** The Worker's settings and bindings. */
export interface IssuerEnv extends SettingVariables {
	DB: D1Database;
	SIGNING_KEY: DurableObjectNamespace<SigningKey>;
	PASSWORD_HASHER: DurableObjectNamespace<PasswordHasher>;
}
