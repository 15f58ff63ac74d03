import type { Config, TokenConfig } from "../config.ts";
import { Problem } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { Parameters } from "../parameters.ts";
import { type Authenticator, authenticatorOf } from "./authenticator.ts";
import {
	type AuthMessage,
	bearerToken,
	type Credentials,
	messageCredentials,
	subscriberCredentials,
} from "./credentials.ts";
import { covers, maySubscribe } from "./grants.ts";
import { type AuthorisationHooks, askConsent } from "./hooks.ts";
import { findPublisher, isKeyLike, type Publisher } from "./publishers.ts";
import { openTicket, type TicketSeal } from "./tickets.ts";
import { endOfToken } from "./times.ts";
import type { Lease, User } from "./user.ts";

const KEY_OPENS_NOTHING =
	"This is a publish key, which cannot open streams. Make a ticket with it on your backend (`POST /tickets`), and send that as `ticket`.";
const UNKNOWN_KEY =
	"This is neither a publish key of this service (PUBLISH_KEYS) nor a JWT. Send the key exactly as it is set there, without the patterns that may follow it.";

/** Decides who sent a request, and what they may do. */
export class Authority {
	readonly #config: Config;
	readonly #hooks: AuthorisationHooks;
	readonly #logger: Logger;
	readonly #authenticator: Authenticator;

	constructor(config: Config | TokenConfig, hooks: AuthorisationHooks, logger: Logger) {
		this.#config = config;
		this.#hooks = hooks;
		this.#logger = logger;
		this.#authenticator = authenticatorOf(config, hooks, logger);
	}

	/** Who issues the tokens of users; `undefined` where an `authenticate` hook decides, or where only tickets are accepted. */
	get issuer(): string | undefined {
		return this.#authenticator.issuer;
	}

	/**
	 * What tickets are sealed under.
	 *
	 * @throws Problem `misconfigured` without a TICKET_SECRET.
	 */
	get ticketSeal(): TicketSeal {
		const secrets = this.#config.TICKET_SECRET;
		if (secrets === undefined) {
			throw new Problem(
				"misconfigured",
				"The setting TICKET_SECRET is not set, and tickets need it: `wrangler secret put TICKET_SECRET`.",
			);
		}
		return { secrets, issuer: this.issuer };
	}

	/**
	 * Verifies the credentials of a request for a stream. Returns `undefined` if it has none: a rule may allow that.
	 *
	 * @param query the parameters of the request's query.
	 * @param resuming whether the request carries a cursor.
	 */
	async leaseFor(request: Request, query: Parameters, resuming: boolean): Promise<Lease | undefined> {
		return await this.#fromCredentials(subscriberCredentials(request, query), request, resuming);
	}

	/**
	 * Verifies the credentials in a message over a WebSocket that the request opened. Returns `undefined` if it has none.
	 */
	async leaseForMessage(message: AuthMessage, request: Request, resuming: boolean): Promise<Lease | undefined> {
		this.#logger.hide([message.token, message.ticket].filter((credential) => credential !== undefined));
		return await this.#fromCredentials(messageCredentials(message), request, resuming);
	}

	async #fromCredentials(
		credentials: Credentials | undefined,
		request: Request,
		resuming: boolean,
	): Promise<Lease | undefined> {
		if (!credentials) return undefined;
		if (credentials.kind === "token") return await this.#fromToken(credentials.token, request);
		await this.#refuseKey(credentials.ticket);
		return await openTicket(credentials.ticket, this.ticketSeal, Date.now(), resuming);
	}

	/** Verifies the token in the `Authorization` header. */
	async leaseForToken(request: Request): Promise<Lease> {
		return await this.#fromToken(bearerToken(request), request);
	}

	async #fromToken(token: string, request: Request): Promise<Lease> {
		await this.#refuseKey(token);
		const user = await this.#authenticator.verify(token, request);
		return { user, endsAt: endOfToken(user.expires, Date.now()) };
	}

	/** Refuses a publish key that was sent in place of a token or a ticket, and says what to do with it. */
	async #refuseKey(credential: string): Promise<void> {
		if (!isKeyLike(credential)) return;
		if (await findPublisher(credential, this.#config.PUBLISH_KEYS ?? [])) {
			throw new Problem("invalid_token", KEY_OPENS_NOTHING);
		}
	}

	/** Verifies the publish key or the token in the `Authorization` header. */
	async publisher(request: Request): Promise<Publisher> {
		const token = bearerToken(request);
		const publisher = await findPublisher(token, this.#config.PUBLISH_KEYS ?? []);
		if (publisher) {
			this.#logger.add("publisher", publisher.id);
			return publisher;
		}
		if (isKeyLike(token) && !this.#hooks.authenticate) throw new Problem("invalid_token", UNKNOWN_KEY);
		const user = await this.#authenticator.verify(token, request);
		return { kind: "user", id: `user:${user.sub}`, user, patterns: user.publish };
	}

	/** Verifies the publish key in the `Authorization` header. A token does not do, whatever it grants. */
	async administrator(request: Request): Promise<Publisher> {
		const publisher = await this.publisher(request);
		if (publisher.kind === "key") return publisher;
		throw new Problem("insufficient_scope", "This route needs a publish key (PUBLISH_KEYS). A token is not accepted.");
	}

	/** @throws Problem `insufficient_scope` unless the user may subscribe to the channel. */
	async allowSubscribe(user: User, channel: string): Promise<void> {
		if (!maySubscribe(user.sub, user.channels, channel)) {
			throw new Problem(
				"insufficient_scope",
				`These credentials do not grant the channel ${channel}. Get credentials whose \`${this.#config.CHANNELS_CLAIM}\` name it, or a prefix of it.`,
			);
		}
		const { authorizeSubscribe } = this.#hooks;
		if (!authorizeSubscribe) return;
		if (!(await askConsent(() => authorizeSubscribe(structuredClone(user), channel), channel, this.#logger))) {
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
		if (!(await askConsent(() => authorizePublish(structuredClone(publisher), channel), channel, this.#logger))) {
			throw new Problem("insufficient_scope", `You are not allowed to publish to the channel ${channel}.`);
		}
	}
}
