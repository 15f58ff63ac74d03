import { type Config, namesIssuer, readConfig, readTokenConfig, type SettingsEnv } from "../config.ts";
import { Problem } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { bearerToken, type Credentials, messageCredentials, subscriberCredentials } from "./credentials.ts";
import { covers, forSubject, maySubscribe } from "./grants.ts";
import { type AuthorisationHooks, askConsent, askUser } from "./hooks.ts";
import { findPublisher, isKeyLike, type Publisher } from "./publishers.ts";
import { openTicket, type TicketSeal } from "./tickets.ts";
import { CLOCK_TOLERANCE_SECONDS, earliestIssue } from "./times.ts";
import type { Subscriber, User } from "./user.ts";
import { verifyToken } from "./verifier.ts";

const TICKETS_ONLY =
	"This service takes tickets only, and no tokens: JWKS_URL, JWT_ISSUER and JWT_AUDIENCE are not set. Send a ticket as `ticket`; your backend makes it with a publish key (`POST /tickets`).";
const KEY_OPENS_NOTHING =
	"This is a publish key, and those open no streams. Make a ticket with it on your backend (`POST /tickets`), and send that as `ticket`.";
const UNKNOWN_KEY =
	"This is neither a publish key of this service (PUBLISH_KEYS) nor a JWT. Send the key as it is set there, without the patterns that may follow it.";

/** Decides who is asking, and what they may do. */
export class Authority {
	readonly config: Config;
	/** Where what happens to the request is written down. */
	readonly logger: Logger;
	/** Who issues users' tokens; `undefined` where an `authenticate` hook decides, or where only tickets are taken. */
	readonly issuer: string | undefined;
	readonly #hooks: AuthorisationHooks;
	readonly #verify: (token: string, request: Request) => Promise<User>;

	/** @throws Problem `misconfigured`, naming the setting. */
	constructor(env: SettingsEnv, hooks: AuthorisationHooks, logger: Logger) {
		this.#hooks = hooks;
		this.logger = logger;
		const { authenticate } = hooks;
		if (authenticate) {
			this.config = readConfig(env);
			this.#verify = (token, request) => this.#ask(authenticate, token, request);
		} else if (namesIssuer(env)) {
			const config = readTokenConfig(env);
			this.config = config;
			this.issuer = config.JWT_ISSUER;
			this.#verify = (token) => verifyToken(token, config);
		} else {
			this.config = readConfig(env);
			this.#verify = async () => {
				throw new Problem("invalid_token", TICKETS_ONLY);
			};
		}
	}

	/** What tickets are sealed under. */
	get ticketSeal(): TicketSeal {
		const secrets = this.config.TICKET_SECRET;
		if (secrets === undefined) {
			throw new Problem(
				"misconfigured",
				"The setting TICKET_SECRET is not set, and tickets need it: `wrangler secret put TICKET_SECRET`.",
			);
		}
		return { secrets, issuer: this.issuer };
	}

	/** Who wants to open a stream, and until when it may stay open. */
	async subscriber(request: Request, resuming: boolean): Promise<Subscriber> {
		return await this.#fromCredentials(subscriberCredentials(request), request, resuming);
	}

	/** Who sends credentials in a message over a WebSocket that a request opened. */
	async socketSubscriber(
		message: { token?: string | undefined; ticket?: string | undefined },
		request: Request,
		resuming: boolean,
	): Promise<Subscriber> {
		this.logger.hide([message.token ?? "", message.ticket ?? ""]);
		return await this.#fromCredentials(messageCredentials(message), request, resuming);
	}

	async #fromCredentials(credentials: Credentials, request: Request, resuming: boolean): Promise<Subscriber> {
		if (credentials.kind === "token") return await this.#fromToken(credentials.token, request);
		await this.#refuseKey(credentials.ticket);
		return await openTicket(credentials.ticket, this.ticketSeal, Date.now(), resuming);
	}

	/** Whose token stands in the `Authorization` header, and until when it opens streams. */
	async tokenSubscriber(request: Request): Promise<Subscriber> {
		return await this.#fromToken(bearerToken(request), request);
	}

	async #fromToken(token: string, request: Request): Promise<Subscriber> {
		await this.#refuseKey(token);
		const user = await this.#verify(token, request);
		return { user, endsAt: this.endOfToken(user) };
	}

	/** Whoever sends a publish key where it opens nothing is told what it is, and what to do with it. */
	async #refuseKey(credential: string): Promise<void> {
		if (!isKeyLike(credential)) return;
		if (await findPublisher(credential, this.config.PUBLISH_KEYS ?? [])) {
			throw new Problem("invalid_token", KEY_OPENS_NOTHING);
		}
	}

	/** Who sends a publish key or a token in the `Authorization` header. */
	async publisher(request: Request): Promise<Publisher> {
		const token = bearerToken(request);
		const publisher = await findPublisher(token, this.config.PUBLISH_KEYS ?? []);
		if (publisher) {
			this.logger.add("publisher", publisher.id);
			return publisher;
		}
		if (isKeyLike(token) && !this.#hooks.authenticate) throw new Problem("invalid_token", UNKNOWN_KEY);
		const user = await this.#verify(token, request);
		return { kind: "user", id: `user:${user.sub}`, user, patterns: user.publish };
	}

	/** Who sends a publish key: what it asks for is shown to nobody who has but a token, whatever that grants. */
	async administrator(request: Request): Promise<Publisher> {
		const publisher = await this.publisher(request);
		if (publisher.kind === "key") return publisher;
		throw new Problem("insufficient_scope", "This route asks for a publish key (PUBLISH_KEYS); a token will not do.");
	}

	/** Until when a token opens streams, in unix milliseconds: its end, or where that is over, the end of the tolerance. */
	endOfToken({ expires }: User): number {
		const end = expires * 1000;
		return end > Date.now() ? end : end + CLOCK_TOLERANCE_SECONDS * 1000;
	}

	/** @throws Problem `insufficient_scope` unless the user may open a stream of the channel. */
	async allowSubscribe(user: User, channel: string): Promise<void> {
		if (!maySubscribe(user.sub, user.channels, channel)) {
			throw new Problem(
				"insufficient_scope",
				`These credentials do not grant the channel ${channel}. Ask for ones whose \`${this.config.CHANNELS_CLAIM}\` name it, or a prefix of it.`,
			);
		}
		const { authorizeSubscribe } = this.#hooks;
		if (!authorizeSubscribe) return;
		if (!(await askConsent(() => authorizeSubscribe(structuredClone(user), channel), channel, this.logger))) {
			throw new Problem("insufficient_scope", `You are not allowed to subscribe to the channel ${channel}.`);
		}
	}

	/** @throws Problem `insufficient_scope` unless the publisher may publish to the channel. */
	async allowPublish(publisher: Publisher, channel: string): Promise<void> {
		if (!covers(publisher.patterns, channel)) {
			throw new Problem(
				"insufficient_scope",
				`These credentials may not publish to the channel ${channel}. Use a publish key for it, or a token whose \`publish\` claim names it.`,
			);
		}
		const { authorizePublish } = this.#hooks;
		if (!authorizePublish) return;
		if (!(await askConsent(() => authorizePublish(structuredClone(publisher), channel), channel, this.logger))) {
			throw new Problem("insufficient_scope", `You are not allowed to publish to the channel ${channel}.`);
		}
	}

	async #ask(authenticate: Authenticate, token: string, request: Request): Promise<User> {
		const { sub, expires, claims, channels, publish, issuedAt } = await askUser(
			authenticate,
			token,
			request,
			this.logger,
		);
		if (expires * 1000 <= Date.now())
			throw new Problem("token_expired", "The session of this token is over. Get a new one.");
		return {
			sub,
			expires,
			claims: { ...claims, sub },
			channels: [...channels, ...forSubject(this.config.DEFAULT_CHANNELS, sub)],
			publish,
			issuedAt: earliestIssue(issuedAt),
		};
	}
}

type Authenticate = NonNullable<AuthorisationHooks["authenticate"]>;
