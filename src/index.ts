import { WorkerEntrypoint } from "cloudflare:workers";
import type { Hono } from "hono";
import type { ObserverHooks } from "./audience/hooks.ts";
import { readSettings } from "./auth/authenticator.ts";
import { Authority } from "./auth/authority.ts";
import { personalChannel } from "./auth/grants.ts";
import type { AuthorisationHooks } from "./auth/hooks.ts";
import type { Publisher } from "./auth/publishers.ts";
import { ChannelObject } from "./channel/channel.ts";
import { check } from "./check.ts";
import type { Config, ConfigOptions } from "./config.ts";
import { Problem } from "./errors.ts";
import { createApp } from "./http/app.ts";
import { checkChannel, checkSubject } from "./http/check.ts";
import type { AppEnv, TidingsEnv } from "./http/context.ts";
import { type PipeOptions, pipe } from "./http/pipe.ts";
import { publishEvents } from "./http/publishing.ts";
import { verifierOf } from "./http/renewing.ts";
import { Logger } from "./logger.ts";
import { MetricsObject } from "./metrics/metrics-object.ts";
import { type PublishConditions, publishConditionsSchema } from "./wire/conditions.ts";
import type { EventInput } from "./wire/intake.ts";
import type { LiveReceipt, Receipt } from "./wire/receipt.ts";

export type { ConnectedSubscriber, ObserverHooks } from "./audience/hooks.ts";
export type { AuthenticatedUser, AuthorisationHooks } from "./auth/hooks.ts";
export type { Publisher } from "./auth/publishers.ts";
export type { User } from "./auth/user.ts";
export type { TidingsEnv } from "./http/context.ts";
export type { PipeOptions } from "./http/pipe.ts";
export type { ChannelRule } from "./wire/channel-rules.ts";
export type { PublishConditions } from "./wire/conditions.ts";
export type { EventInput } from "./wire/intake.ts";
export type { LiveReceipt, Receipt } from "./wire/receipt.ts";
export type { DisconnectReason } from "./wire/subscription.ts";

/**
 * The hooks of a service, which authenticate and authorise requests and observe connections, and rules for its channels.
 * All are optional.
 */
export interface TidingsOptions extends AuthorisationHooks, ObserverHooks, ConfigOptions {}

/** The parts of a tidings service. A Worker exports `Channel`, and `Metrics` and `PublishService` if they are bound. */
export interface Tidings {
	/** The Hono app with all routes of the protocol. Export it as the Worker's default, or mount it with `route()`. */
	app: Hono<AppEnv>;
	/** The Durable Object class of channels. Its namespace must be bound as `CHANNEL`. */
	Channel: new (
		ctx: DurableObjectState,
		env: TidingsEnv,
	) => ChannelObject<TidingsEnv>;
	/** The Durable Object class that aggregates metrics for `GET /metrics`. Its namespace can be bound as `METRICS`. */
	Metrics: typeof MetricsObject;
	/** The RPC entrypoint for other Workers, which publish over a service binding, without HTTP and without a key. */
	PublishService: new (
		ctx: ExecutionContext,
		env: TidingsEnv,
	) => PublishEntrypoint;
}

/**
 * Creates a tidings service.
 *
 * @param options hooks and rules. Default: none, and subscribers are authenticated by tickets and by JWTs, with the keys of `JWKS_URL`.
 *
 * @example
 * const tidings = createTidings({ onConnect: ({ user, channel }) => console.log(user, "joined", channel) });
 * export class Channel extends tidings.Channel {}
 * export class PublishService extends tidings.PublishService {}
 * export default new Hono().route("/sse", tidings.app);
 */
export function createTidings(options: TidingsOptions = {}): Tidings {
	return {
		app: createApp(options),
		Channel: class extends ChannelObject<TidingsEnv> {
			constructor(ctx: DurableObjectState, env: TidingsEnv) {
				super(ctx, env, { hooks: options, settings: options, verify: verifierOf(env, options) });
			}
		},
		Metrics: MetricsObject,
		PublishService: class extends PublishEntrypoint {
			protected override readonly options = options;
		},
	};
}

/** Only the owner of an account can create a service binding, so its Workers may publish to every channel. */
const SERVICE = { kind: "service", id: "service", patterns: ["*"] } satisfies Publisher;

/** Publishes for other Workers of the same account. The service binding is their only credential. */
export class PublishEntrypoint extends WorkerEntrypoint<TidingsEnv> {
	protected readonly options: AuthorisationHooks & ConfigOptions = {};

	/**
	 * Publishes an event, or a batch of 1 to 100 events, to a channel.
	 *
	 * @param conditions an idempotency key, the expected head of the channel, and `end`, with which the channel ends after
	 * these events; the list may then be empty. Default: none.
	 * @returns the receipt, once the events are durable.
	 * @throws Error whose message starts with an error code of the protocol, such as `invalid_event`.
	 *
	 * @example
	 * await env.TIDINGS.publish("orders", { type: "paid", data: { id: 7 } }); // { channel, ids, subscribers }
	 * await env.TIDINGS.publish("answer:7", [], { end: true }); // { channel, ids: [], subscribers }
	 */
	async publish(
		channel: string,
		events: EventInput | EventInput[],
		conditions: PublishConditions = {},
	): Promise<Receipt> {
		return await this.#publish(() => channel, events, conditions);
	}

	/**
	 * Publishes an event, or a batch of 1 to 100 events, to the personal channel of a subject.
	 *
	 * @param conditions an idempotency key, the expected head of the channel, and `end`, with which the channel ends after
	 * these events; the list may then be empty. Default: none.
	 * @returns the receipt, once the events are durable.
	 * @throws Error whose message starts with an error code of the protocol, such as `invalid_event`.
	 *
	 * @example
	 * await env.TIDINGS.publishToUser("auth0|1", { data: "Your order is on its way." });
	 */
	async publishToUser(
		subject: string,
		events: EventInput | EventInput[],
		conditions: PublishConditions = {},
	): Promise<Receipt> {
		return await this.#publish(() => personalChannel(checkSubject(subject)), events, conditions);
	}

	/**
	 * Publishes what a stream brings to a channel, each event as it arrives: the body of a model's answer, for one. The stream
	 * is read only as fast as the channel takes it. Events go over a service binding as bytes: with `contentType`
	 * `application/x-ndjson`, one event a line as JSON.
	 *
	 * @returns the receipt, once the stream has ended and its events are durable.
	 * @throws Error whose message starts with an error code of the protocol. What was stored before stays, and `end` does not
	 * count.
	 *
	 * @example
	 * const answer = await fetch("https://api.example.com/v1/chat/completions", request);
	 * await env.TIDINGS.pipe("answer:7", answer.body, { end: true }); // { channel, first, last, events, subscribers }
	 */
	async pipe(channel: string, stream: ReadableStream<Uint8Array>, options: PipeOptions = {}): Promise<LiveReceipt> {
		return await this.#allow(
			() => channel,
			(allowed, config) => pipe(this.env, config, allowed, SERVICE, stream, options),
		);
	}

	/** Validates all arguments at run time: the caller need not be written in TypeScript. */
	async #publish(resolveChannel: () => unknown, events: unknown, conditions: unknown): Promise<Receipt> {
		return await this.#allow(resolveChannel, async (channel, config) => {
			const checked = check(publishConditionsSchema, conditions, "invalid_request");
			return (await publishEvents(this.env, config, SERVICE, channel, events, checked)).receipt;
		});
	}

	/** Publishes to a channel if the hooks allow it. */
	async #allow<Result>(
		resolveChannel: () => unknown,
		publish: (channel: string, config: Config) => Promise<Result>,
	): Promise<Result> {
		const logger = new Logger({ publisher: SERVICE.id });
		try {
			const config = readSettings(this.env, this.options);
			const authority = new Authority(config, this.options, logger);
			const channel = checkChannel(resolveChannel());
			logger.add("channel", channel);
			await authority.allowPublish(SERVICE, channel);
			return await publish(channel, config);
		} catch (error) {
			const problem = Problem.of(error);
			logger.outcome("A publish over a service binding failed.", problem.status, problem);
			throw error;
		}
	}
}
