import { DurableObject } from "cloudflare:workers";
import { Counts } from "../audience/counts.ts";
import type { ObserverHooks } from "../audience/hooks.ts";
import { rulesFor } from "../channel-rules.ts";
import { type ConfigOptions, readConfig, type SettingsEnv } from "../config.ts";
import { Problem } from "../errors.ts";
import { Logger } from "../logger.ts";
import { meterOf } from "../metrics/meter.ts";
import type { Measures, MetricsEnv } from "../metrics/metrics-object.ts";
import type { RateLimitEnv } from "../rate-limit.ts";
import type { EndedSubscribers, PublishOutcome, PublishRequest, RenewalOutcome } from "../wire/calls.ts";
import type { ListedSubscriber } from "../wire/listed-subscriber.ts";
import type { Offset } from "../wire/offset.ts";
import { type Asking, type Destination, hintOf, objectNameOf, type Place, placeOf } from "../wire/place.ts";
import type { Admission, LogPart, RelayReport } from "../wire/relay.ts";
import type { ChannelState } from "../wire/state.ts";
import type { Renewal, Subscription } from "../wire/subscription.ts";
import type { VerifyRenewal } from "./client-sockets.ts";
import { Origin } from "./origin/origin.ts";
import { Relay } from "./relay/relay.ts";

/** How a WebSocket has ended that was not closed (RFC 6455, section 7.4.1). */
const ABNORMAL_CLOSURE = 1006;

/** The environment of a channel's object. */
interface ChannelEnv extends SettingsEnv, MetricsEnv, RateLimitEnv {
	/** The Durable Object namespace of the `Channel` class. */
	CHANNEL: DurableObjectNamespace<ChannelObject>;
}

interface ChannelOptions {
	hooks: ObserverHooks;
	settings: ConfigOptions;
	/** Verifies what clients renew their streams with over a WebSocket. */
	verify: VerifyRenewal;
}

/**
 * One channel: a log and an audience. A Durable Object, so that there is exactly one log. Where the audience is larger than
 * one object serves well, others of this class hold parts of it: relays, which follow the log of the origin.
 *
 * It orders events and does not authenticate: the Worker has verified every caller. This class has only the entry
 * points. The constructor chooses what the object is: the origin, or a relay.
 */
export class ChannelObject<Env extends ChannelEnv = ChannelEnv> extends DurableObject<Env> {
	readonly #place: Place;
	readonly #part: Origin | Relay;

	constructor(ctx: DurableObjectState, env: Env, { hooks, settings, verify }: ChannelOptions) {
		super(ctx, env);
		const { name } = ctx.id;
		if (name === undefined) throw new Error("A channel's object must be reached by its name (getByName).");
		const config = readConfig(env, settings);
		const place = placeOf(name);
		const { channel, relay } = place;
		const rules = rulesFor(config, channel);
		const counts = new Counts(channel, meterOf(env, `channel:${name}`, config.HEARTBEAT_SECONDS * 1000));
		const logger = new Logger({ channel, ...(relay !== undefined && { relay }) });
		const originObject = () => env.CHANNEL.getByName(channel);
		const relayObject = (name: string) => {
			const other = { channel, relay: name };
			return env.CHANNEL.getByName(objectNameOf(other), hintOf(other));
		};
		const parts = { ctx, env, channel, config, rules, counts, logger, hooks, verify, originObject, relayObject };
		this.#place = place;
		this.#part = relay === undefined ? new Origin(parts) : new Relay(parts, relay);
	}

	/** Opens a stream; at the origin, also a publisher's WebSocket, a live publish, or a relay's connection. */
	override async fetch(request: Request): Promise<Response> {
		try {
			return await this.#part.fetch(request);
		} catch (error) {
			if (error instanceof Problem) return error.toResponse();
			throw error;
		}
	}

	override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
		await this.#part.sockets.message(socket, message);
	}

	override webSocketClose(socket: WebSocket, code: number): void {
		this.#part.sockets.closed(socket, code);
	}

	override webSocketError(socket: WebSocket): void {
		this.#part.sockets.closed(socket, ABNORMAL_CLOSURE);
	}

	/** Does what is due. */
	override async alarm(): Promise<void> {
		await this.#part.tend(Date.now());
	}

	/** Stores events durably, starts their fan-out and returns their ids. */
	async publish(request: PublishRequest): Promise<PublishOutcome> {
		return await this.#origin.publish(request);
	}

	/** Returns the state of the channel. */
	async state(): Promise<ChannelState> {
		return await this.#origin.whole.state();
	}

	/** Returns the counters of the channel. */
	async measures(): Promise<Measures> {
		return await this.#origin.whole.measures();
	}

	/** Returns the retained events after a position, at most `limit` of them, as a JSON array. */
	eventsJson(after: number, limit: number): string {
		return this.#origin.eventsJson(after, limit);
	}

	/** Lists the open streams. */
	async subscribers(): Promise<ListedSubscriber[]> {
		return await this.#origin.whole.subscribers();
	}

	/** Ends streams with `revoked`, and revokes a user's credentials. Returns how many streams were ended. */
	async endSubscribers(which: EndedSubscribers): Promise<number> {
		return await this.#origin.whole.endSubscribers(which);
	}

	/** Ends all streams and deletes all events. Returns how many streams were ended. */
	async wipe(): Promise<number> {
		return await this.#origin.whole.wipe();
	}

	/** Returns the user and channels of an open stream; `undefined` if it is not open here. */
	connection(connection: string): Pick<Subscription, "user" | "channels"> | undefined {
		return this.#part.streams.connection(connection);
	}

	/** Renews an open stream with new credentials of its user. Credentials that end earlier are ignored. */
	async renew(connection: string, renewal: Renewal): Promise<RenewalOutcome> {
		return await this.#part.streams.renew(connection, renewal);
	}

	/** Records a sign of life of an open stream. */
	alive(connection: string, user: string): Pick<Subscription, "user" | "expiresAt"> | undefined {
		return this.#part.streams.alive(connection, user);
	}

	async report(report: RelayReport): Promise<Admission[]> {
		return this.#origin.report(report);
	}

	async place(asking: Asking): Promise<Destination> {
		return this.#origin.place(asking);
	}

	async forget(relay: string, life: string): Promise<void> {
		this.#origin.forget(relay, life);
	}

	async part(after: Offset): Promise<LogPart> {
		return this.#origin.part(after);
	}

	async subscribersHere(): Promise<ListedSubscriber[]> {
		return this.#relay.subscribers();
	}

	async measuresHere(): Promise<Measures> {
		return this.#relay.measures();
	}

	async endHere(which: EndedSubscribers, at: number): Promise<number> {
		return await this.#relay.endMatching(which, at);
	}

	async wipedHere(): Promise<number> {
		return await this.#relay.wiped();
	}

	async recall(): Promise<boolean> {
		return await this.#relay.recall();
	}

	get #origin(): Origin {
		if (this.#part instanceof Origin) return this.#part;
		throw new Error(`The relay ${this.#place.relay} of ${this.#place.channel} was asked what only the origin knows.`);
	}

	get #relay(): Relay {
		if (this.#part instanceof Relay) return this.#part;
		throw new Error(`The origin of ${this.#place.channel} was asked for what a relay holds.`);
	}
}
