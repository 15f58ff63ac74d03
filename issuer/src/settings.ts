import { z } from "zod";
import { Problem } from "./problem.ts";

const YEAR_SECONDS = 31_536_000;

const settingsSchema = z.object({
	/** What tokens say of where they come from. The routes are below it. */
	ISSUER: z.url({ protocol: /^https?$/, error: "must be an http or https URL" }).regex(/[^/]$/, "must not end with /"),
	/** And for whom they are. */
	AUDIENCE: z.string("must be set").min(1, "must be set"),
	ACCESS_TOKEN_SECONDS: wholeNumber(86_400).default(3600),
	REFRESH_TOKEN_SECONDS: wholeNumber(YEAR_SECONDS).default(30 * 86_400),
	KEY_ROTATION_DAYS: wholeNumber(3650).default(90),
	SIGN_UP: z.enum(["on", "off"], "must be on or off").default("off"),
	/** Without it, there is no route to rotate the key. */
	ADMIN_KEY: z.string().min(32, "must have 32 or more characters").optional(),
});

export type Settings = z.infer<typeof settingsSchema>;

/** The settings as the environment has them, before they are checked. */
export type SettingVariables = Record<keyof Settings, unknown>;

/** Reads the settings. One that is malformed is named, never replaced by a guess. */
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
