import { z } from "zod";
import { describeIssue, Problem } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { withoutRounded } from "../wire/claims.ts";
import { flawOf } from "../wire/json-value.ts";
import { patternSchema, subjectSchema } from "../wire/names.ts";
import type { Publisher } from "./publishers.ts";
import { issuedAtSchema, unixSecondsSchema } from "./times.ts";
import type { User } from "./user.ts";

/**
 * The user that an `authenticate` hook returns for a token it accepts. An invalid user is logged, and the request is
 * denied.
 */
export interface AuthenticatedUser {
	/** The subject that identifies the user: 1 to 256 characters, and not `*`. */
	sub: string;
	/** When the session expires, in Unix seconds. Its streams end then. */
	expires: number;
	/** Claims that events can be addressed to. Must be serialisable as JSON. Default: only `sub`. */
	claims?: Record<string, unknown>;
	/** Channel patterns that the user may subscribe to, in addition to `DEFAULT_CHANNELS`. Default: none. */
	channels?: string[];
	/** Channel patterns that the user may publish to. Default: none. */
	publish?: string[];
	/** When the session started, in Unix seconds. Default: unknown, which counts as before any revocation. */
	issuedAt?: number;
}

/**
 * Hooks that authenticate and authorise requests. The request is denied when a hook throws, returns an invalid answer, or
 * has not answered after 10 seconds. Hooks receive copies of users and publishers, so mutating them has no effect.
 */
export interface AuthorisationHooks {
	/**
	 * Replaces JWT verification: returns the user whom the token identifies, or `null` to deny the request. With this hook,
	 * `JWKS_URL`, `JWT_ISSUER` and `JWT_AUDIENCE` are not needed.
	 *
	 * @param request the request that carries the token, or that opened the WebSocket over which it came. For a renewal over
	 * a WebSocket that ends in the channel, it has only that request's URL, without the query and the headers.
	 */
	authenticate?(token: string, request: Request): AuthenticatedUser | null | Promise<AuthenticatedUser | null>;
	/** Called for each stream that the user's grants allow. Returns `false` to deny it. */
	authorizeSubscribe?(user: User, channel: string): boolean | Promise<boolean>;
	/** Called for each publish that the publisher's grants allow. Returns `false` to deny it. */
	authorizePublish?(publisher: Publisher, channel: string): boolean | Promise<boolean>;
}

const TIMEOUT_MILLISECONDS = 10_000;

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
		"must be `null` or a user object",
	)
	.nullable();

/**
 * Calls an `authenticate` hook and validates its answer.
 *
 * @throws Problem `invalid_token` when the hook denies the token or fails. Failures are logged.
 */
export async function askUser(
	authenticate: NonNullable<AuthorisationHooks["authenticate"]>,
	token: string,
	request: Request,
	logger: Logger,
): Promise<NonNullable<z.output<typeof answerSchema>>> {
	const user = await validUser(() => authenticate(token, request)).catch((cause: unknown) => {
		logger.failure("The authenticate hook failed; the request is denied.", cause);
		throw new Problem("invalid_token", "The token could not be verified.", { cause });
	});
	if (!user) throw new Problem("invalid_token", "The service does not recognise this token.");
	return user;
}

async function validUser(hook: () => unknown): Promise<z.output<typeof answerSchema>> {
	const checked = answerSchema.safeParse(await withTimeout(hook));
	if (checked.success) return checked.data;
	throw new TypeError(describeIssue(checked.error, "The answer"));
}

/** Calls a hook that allows or denies. Returns `false` when the hook fails; the failure is logged. */
export async function askConsent(hook: () => unknown, channel: string, logger: Logger): Promise<boolean> {
	try {
		const answer = await withTimeout(hook);
		if (typeof answer === "boolean") return answer;
		throw new TypeError("The answer must be `true` or `false`.");
	} catch (error) {
		logger.failure("An authorisation hook failed; the request is denied.", error, { channel });
		return false;
	}
}

async function withTimeout(hook: () => unknown): Promise<unknown> {
	const timeout = Promise.withResolvers<never>();
	const timer = setTimeout(
		() => timeout.reject(new Error("The hook timed out after 10 seconds.")),
		TIMEOUT_MILLISECONDS,
	);
	try {
		return await Promise.race([hook(), timeout.promise]);
	} finally {
		clearTimeout(timer);
	}
}
