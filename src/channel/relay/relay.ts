import { FollowedPresence } from "../../audience/followed-presence.ts";
import { Headcount } from "../../audience/headcount.ts";
import { FollowedLog } from "../../log/followed-log.ts";
import type { Measures } from "../../metrics/metrics-object.ts";
import { writeAttachment } from "../../socket-attachment.ts";
import type { EndedSubscribers } from "../../wire/calls.ts";
import { CLOSE_CODES } from "../../wire/close-codes.ts";
import { CHANNEL_URL } from "../../wire/link.ts";
import type { ListedSubscriber } from "../../wire/listed-subscriber.ts";
import type { Revocation } from "../../wire/relay.ts";
import { Alarm } from "../alarm.ts";
import { endMatching } from "../end-matching.ts";
import type { Rest } from "../gate.ts";
import { Limits } from "../limits.ts";
import type { Parts } from "../parts.ts";
import { RevokedUsers } from "../revoked-users.ts";
import { Sockets } from "../sockets.ts";
import { Streams } from "../streams.ts";
import { Following } from "./following.ts";
import { RelayGate } from "./relay-gate.ts";
import { Reports } from "./reports.ts";
import { TimerAlarm } from "./timer-alarm.ts";

/** A relay that holds no stream for so long leaves the channel. */
const REST_MILLISECONDS = 60_000;

/** A relay of a channel: an audience that follows the log of the channel's origin. It writes nothing to disk. */
export class Relay implements Rest {
	readonly streams: Streams;
	readonly sockets: Sockets;
	readonly #parts: Parts;
	readonly #name: string;
	/** Identifies this object. */
	readonly #life: string;
	readonly #log: FollowedLog;
	readonly #alarm: Alarm;
	readonly #reports: Reports;
	readonly #following: Following;
	readonly #revocations = new RevokedUsers();
	#rest: number | null = null;

	constructor(parts: Parts, name: string) {
		const { ctx, channel, rules, logger, originObject: origin } = parts;
		const life = crypto.randomUUID();
		const presence = new FollowedPresence();
		const reports = new Reports({ channel, relay: name, life, origin, logger });
		const log = new FollowedLog({
			retention: { events: rules.replayEvents, milliseconds: rules.replaySeconds * 1000 },
			logger,
			fetch: async (after) => await origin().part(after),
			fetched: () => void this.streams.audience.resume(),
		});
		const alarm = new Alarm(new TimerAlarm(() => this.tend(Date.now())), () => undefined);
		const headcount = new Headcount(presence, (stream) => reports.left(stream));
		const gate = new RelayGate({
			channel,
			relay: name,
			crowdSize: rules.crowdSize,
			tellsPresence: rules.presence !== "off",
			following: () => this.#following,
			reports,
			limits: new Limits({
				channel,
				limits: rules,
				headcount,
				probe: (stream) => this.streams.audience.probe(stream, Date.now()),
			}),
			revocations: this.#revocations,
			origin,
		});
		const streams = new Streams({ ...parts, log, headcount, alarm, gate, rest: this });
		this.streams = streams;
		this.sockets = new Sockets(ctx, streams.sockets);
		this.#parts = parts;
		this.#name = name;
		this.#life = life;
		this.#log = log;
		this.#alarm = alarm;
		this.#reports = reports;
		this.#following = new Following({
			channel,
			relay: name,
			life,
			log,
			presence,
			audience: streams.audience,
			logger,
			call: (_, headers) => origin().fetch(CHANNEL_URL, { headers }),
			joined: () => {
				reports.recount();
				// The stream for which it has joined may be refused.
				void this.begin();
			},
			revoked: (revocations) => this.#revoke(revocations),
		});
		this.#dropRestored();
	}

	/** Opens a stream. */
	async fetch(request: Request): Promise<Response> {
		return await this.streams.open(request);
	}

	/** The streams that this relay holds. */
	subscribers(): ListedSubscriber[] {
		return this.streams.audience.list();
	}

	/** The counters since this object started. It stores no events. */
	measures(): Measures {
		return { tally: this.#parts.counts.tally, streams: this.streams.audience.size };
	}

	/**
	 * Ends the streams of a user, or one stream.
	 *
	 * @param at when the user was revoked, in Unix milliseconds.
	 * @returns how many were ended.
	 */
	async endMatching(which: EndedSubscribers, at: number): Promise<number> {
		if ("user" in which) this.#revocations.add(which.user, at);
		return await endMatching(this.streams.audience, which);
	}

	/** Ends all streams and forgets all events: the origin has wiped them. Returns how many streams were ended. */
	async wiped(): Promise<number> {
		await this.#following.stop();
		this.#log.wipe();
		return await this.streams.audience.endWhere(() => true, "shutdown");
	}

	/** Joins the origin again, which has lost this relay. Returns whether this relay holds streams. */
	async recall(): Promise<boolean> {
		if (this.#reports.streams === 0) return false;
		if (this.#following.isOn) await this.#following.rejoin();
		else await this.#following.start();
		return true;
	}

	/** Does the periodic work while a stream is open or draining. */
	async tend(now: number): Promise<void> {
		const { audience } = this.streams;
		this.#alarm.clear();
		try {
			await audience.tend(now);
		} finally {
			// A timer is not repeated when it fails, as an alarm is.
			if (!audience.isEmpty) await this.#alarm.ringBy(audience.nextDue(now));
		}
	}

	async begin(): Promise<void> {
		if (this.streams.audience.isEmpty) this.#rest ??= setTimeout(() => void this.#leaveIfEmpty(), REST_MILLISECONDS);
	}

	end(): void {
		clearTimeout(this.#rest);
		this.#rest = null;
	}

	async #leaveIfEmpty(): Promise<void> {
		this.#rest = null;
		// Streams that are being opened may be refused.
		if (this.#reports.streams > 0) return await this.begin();
		try {
			await this.#parts.originObject().forget(this.#name, this.#life);
		} catch (error) {
			this.#parts.logger.failure(
				"The origin could not be told that this relay is empty. It finds out by itself.",
				error,
			);
		}
		// A stream may have been admitted meanwhile.
		if (this.#reports.streams > 0) await this.begin();
		else await this.#following.stop();
	}

	/** Ends the streams whose credentials no longer count. */
	#revoke(revocations: readonly Revocation[]): void {
		for (const [user, at] of revocations) this.#revocations.add(user, at);
		const now = Date.now();
		void this.streams.audience.endWhere(
			({ subscription: { user, issuedAt } }) => this.#revocations.covers(user, issuedAt, now),
			"revoked",
		);
	}

	/** What was open before this object slept is at a position that it has forgotten. Its clients know theirs. */
	#dropRestored(): void {
		for (const socket of this.#parts.ctx.getWebSockets()) {
			// Nothing counts them here, so their ends must not count either.
			writeAttachment(socket, {});
			socket.close(CLOSE_CODES.tryAgainLater, "shutdown");
		}
	}
}
