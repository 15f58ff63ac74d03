import { z } from "zod";
import { Problem } from "./problem.ts";

const YEAR_SECONDS = 31_536_000;

const settingsSchema = z.object({
	/** The `iss` of tokens. The routes are below this URL. */
	ISSUER: z.url({ protocol: /^https?$/, error: "must be an http or https URL" }).regex(/[^/]$/, "must not end with /"),
	/** The `aud` of tokens. */
	AUDIENCE: z.string("must be set").min(1, "must be set"),
	ACCESS_TOKEN_SECONDS: wholeNumber(86_400).default(3600),
	REFRESH_TOKEN_SECONDS: wholeNumber(YEAR_SECONDS).default(30 * 86_400),
	KEY_ROTATION_DAYS: wholeNumber(3650).default(90),
	SIGN_UP: z.enum(["on", "off"], "must be on or off").default("off"),
	/** The key for `POST /keys/rotate`. Without it, there is no such route. */
	ADMIN_KEY: z.string().min(32, "must have 32 or more characters").optional(),
});

export type Settings = z.infer<typeof settingsSchema>;

/** The settings in the environment, before they are checked. */
export type SettingVariables = Record<keyof Settings, unknown>;

/** @throws Problem `misconfigured` that names a malformed setting. */
export function readSettings(env: SettingVariables): Settings {
	const settings = settingsSchema.safeParse(env);
	if (settings.success) return settings.data;
	const [issue] = settings.error.issues;
	throw new Problem("misconfigured", `The setting ${issue?.path.join(".")} ${issue?.message}.`);
}

function wholeNumber(max: number) {
	const error = `must be a whole number from 1 to ${max}`;
	return z.coerce.number(error).int(error).min(1, error).max(max, error);
}
