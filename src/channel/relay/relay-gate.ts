import { Problem } from "../../errors.ts";
import type { EndReason } from "../../wire/control.ts";
import type { Place } from "../../wire/place.ts";
import type { Admission } from "../../wire/relay.ts";
import type { Start, Subscription } from "../../wire/subscription.ts";
import type { OriginCalls } from "../calls.ts";
import type { Admitted, Gate } from "../gate.ts";
import { type Limits, PROBE_MILLISECONDS, PROBE_WRITES } from "../limits.ts";
import { revoked } from "../revocations.ts";
import type { RevokedUsers } from "../revoked-users.ts";
import type { Following } from "./following.ts";
import { type Reports, unavailable } from "./reports.ts";

/** For how long a full relay sends newcomers on to the same place. */
const PLACE_MILLISECONDS = 100;

interface RelayGateOptions {
	channel: string;
	relay: string;
	/** How many streams one object holds. */
	crowdSize: number;
	/** Whether clients without credentials may read the channel. */
	allowsAnonymous: boolean;
	/** Whether the channel tells who is online. */
	tellsPresence: boolean;
	following(): Following;
	reports: Reports;
	/** The limits among this relay's streams. */
	limits: Limits;
	revocations: RevokedUsers;
	origin(): Pick<OriginCalls, "place">;
}

/** Opens the streams that the origin admits. */
export class RelayGate implements Gate {
	readonly #options: RelayGateOptions;
	readonly #places = new Map<DurableObjectLocationHint | undefined, Promise<Pick<Place, "relay">>>();

	constructor(options: RelayGateOptions) {
		this.#options = options;
	}

	async elsewhere(
		_: Subscription,
		near: DurableObjectLocationHint | undefined,
	): Promise<Pick<Place, "relay"> | undefined> {
		const { relay, crowdSize, reports } = this.#options;
		if (reports.streams < crowdSize) return undefined;
		const place = await this.#placeFor(near);
		return place.relay === relay ? undefined : place;
	}

	async admit(subscription: Subscription): Promise<Admitted | EndReason> {
		const { reports, limits, tellsPresence } = this.#options;
		const following = this.#options.following();
		await following.start();
		const admission = await this.#ask(subscription);
		if (admission.type === "ended") return admission.reason;
		if (admission.type === "refused") throw new Problem(admission.code, admission.detail);
		if (admission.type === "crowded") throw new Error("The origin has not decided.");
		const { start, head, isNamed } = admission;
		const release = () => reports.left(subscription);
		try {
			if (!isNamed) limits.checkUser(subscription);
			await following.reach(head);
			if (subscription.presence && tellsPresence) await following.observe();
		} catch (error) {
			release();
			throw error;
		}
		return { begin: () => this.#begin(subscription, start), release };
	}

	isRevoked({ user, issuedAt }: Pick<Subscription, "user" | "issuedAt">): boolean {
		return this.#options.revocations.covers(user, issuedAt, Date.now());
	}

	mayStay({ anonymousFrom }: Subscription): boolean {
		return this.#options.allowsAnonymous || anonymousFrom === undefined;
	}

	/** The user may have been revoked, and the channel wiped, since the stream was admitted. */
	#begin(subscription: Subscription, start: Start): Start {
		const { channel, following } = this.#options;
		if (this.isRevoked(subscription)) throw revoked(channel);
		if (!following().isOn) throw unavailable(channel, "The relay has left the origin.");
		return start;
	}

	async #ask(subscription: Subscription): Promise<Admission> {
		const { reports } = this.#options;
		for (let probe = 0; probe < PROBE_WRITES; probe += 1) {
			const admission = await reports.ask({ subscription, isLastTry: false });
			if (admission.type !== "crowded") return admission;
			await scheduler.wait(PROBE_MILLISECONDS);
		}
		return await reports.ask({ subscription, isLastTry: true });
	}

	/** A rush of clients must not become a rush of questions. */
	#placeFor(near: DurableObjectLocationHint | undefined): Promise<Pick<Place, "relay">> {
		const known = this.#places.get(near);
		if (known) return known;
		const place = this.#options.origin().place(near);
		this.#places.set(near, place);
		setTimeout(() => this.#places.delete(near), PLACE_MILLISECONDS);
		return place;
	}
}
