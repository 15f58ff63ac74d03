import { z } from "zod";
import { describeIssue, Problem } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { withoutRounded } from "../wire/claims.ts";
import { flawOf } from "../wire/json-value.ts";
import { patternSchema, subjectSchema } from "../wire/names.ts";
import type { Publisher } from "./publishers.ts";
import { issuedAtSchema, unixSecondsSchema } from "./times.ts";
import type { User } from "./user.ts";

/** What an `authenticate` hook says of a token that it accepts. An answer of any other form denies, and is logged. */
export interface AuthenticatedUser {
	/** The subject: who it is. Not empty, not `*`, and at most 256 characters. */
	sub: string;
	/** When the session ends, in unix seconds. Streams end with it. */
	expires: number;
	/** What events can be addressed to; it must be possible to write it as JSON. Default: none but `sub`. */
	claims?: Record<string, unknown>;
	/** The channel patterns that this user may subscribe to, besides `DEFAULT_CHANNELS`. Default: none. */
	channels?: string[];
	/** The channel patterns that this user may publish to. Default: none. */
	publish?: string[];
	/** When the session began, in unix seconds. Default: unknown, and so earlier than any revocation. */
	issuedAt?: number;
}

/**
 * The hooks that decide who gets in. One that throws, answers in another form than is written here, or has no answer
 * after 10 seconds, denies. What they are given is theirs: changing it changes nothing.
 */
export interface AuthorisationHooks {
	/**
	 * Takes the place of the JWT verifier: who does this token belong to? `null`: nobody.
	 * With it, `JWKS_URL`, `JWT_ISSUER` and `JWT_AUDIENCE` are not needed.
	 */
	authenticate?(token: string, request: Request): AuthenticatedUser | null | Promise<AuthenticatedUser | null>;
	/** Asked for every stream, after the grants said yes; it can only narrow them. */
	authorizeSubscribe?(user: User, channel: string): boolean | Promise<boolean>;
	/** Asked for every publish, after the grants said yes; it can only narrow them. */
	authorizePublish?(publisher: Publisher, channel: string): boolean | Promise<boolean>;
}

const ANSWER_MILLISECONDS = 10_000;

const patterns = z.array(patternSchema, "must be a list of channel patterns").default([]);
const claims = z
	.record(z.string(), z.unknown(), "must be an object")
	.default({})
	.superRefine((value, context) => {
		const flaw = flawOf(value);
		if (flaw) context.addIssue({ code: "custom", path: flaw.path, message: flaw.problem });
	})
	.transform((value): Record<string, unknown> => JSON.parse(JSON.stringify(withoutRounded(value))));

const answerSchema = z
	.object(
		{
			sub: subjectSchema.max(256, "must have at most 256 characters"),
			expires: unixSecondsSchema,
			claims,
			channels: patterns,
			publish: patterns,
			issuedAt: issuedAtSchema.optional(),
		},
		"must be `null`, or an object that says who it is",
	)
	.nullable();

/**
 * Asks an `authenticate` hook whose a token is.
 *
 * @throws Problem `invalid_token` where the hook denies, or fails.
 */
export async function askUser(
	authenticate: NonNullable<AuthorisationHooks["authenticate"]>,
	token: string,
	request: Request,
	logger: Logger,
): Promise<NonNullable<z.output<typeof answerSchema>>> {
	const user = await checkedAnswer(() => authenticate(token, request)).catch((cause: unknown) => {
		logger.failure("The authenticate hook failed; the request is denied.", cause);
		throw new Problem("invalid_token", "The token could not be checked.", { cause });
	});
	if (!user) throw new Problem("invalid_token", "The token is not one that this service knows.");
	return user;
}

async function checkedAnswer(ask: () => unknown): Promise<z.output<typeof answerSchema>> {
	const checked = answerSchema.safeParse(await answerOf(ask));
	if (checked.success) return checked.data;
	throw new TypeError(describeIssue(checked.error, "The answer"));
}

/** Asks a hook that says yes or no. One that fails, says no. */
export async function askConsent(ask: () => unknown, channel: string, logger: Logger): Promise<boolean> {
	try {
		const answer = await answerOf(ask);
		if (typeof answer === "boolean") return answer;
		throw new TypeError("The answer must be `true` or `false`.");
	} catch (error) {
		logger.failure("An authorisation hook failed; the request is denied.", error, { channel });
		return false;
	}
}

/** Nobody waits for ever on a hook that has lost its way. */
async function answerOf(ask: () => unknown): Promise<unknown> {
	const late = Promise.withResolvers<never>();
	const timer = setTimeout(() => late.reject(new Error("The hook has not answered in time.")), ANSWER_MILLISECONDS);
	try {
		return await Promise.race([ask(), late.promise]);
	} finally {
		clearTimeout(timer);
	}
}
