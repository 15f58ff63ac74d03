import { Problem } from "../../errors.ts";
import type { EndReason } from "../../wire/control.ts";
import type { Asking, Destination } from "../../wire/place.ts";
import type { Admission } from "../../wire/relay.ts";
import type { Start, Subscription } from "../../wire/subscription.ts";
import type { OriginCalls } from "../calls.ts";
import type { Admitted, Gate } from "../gate.ts";
import { type Limits, PROBE_MILLISECONDS, PROBE_WRITES } from "../limits.ts";
import { revoked } from "../revocations.ts";
import type { RevokedUsers } from "../revoked-users.ts";
import type { Following } from "./following.ts";
import { type Reports, unavailable } from "./reports.ts";
import { SendingOn } from "./sending-on.ts";

interface RelayGateOptions {
	channel: string;
	relay: string;
	/** How many streams one object holds. */
	crowdSize: number;
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
	readonly #sendingOn: SendingOn;

	constructor(options: RelayGateOptions) {
		this.#options = options;
		this.#sendingOn = new SendingOn((asking) => options.origin().place(asking));
	}

	async elsewhere(_: Subscription, { near }: Asking): Promise<Destination | undefined> {
		const { relay, crowdSize, reports } = this.#options;
		if (reports.streams < crowdSize) return undefined;
		const place = await this.#sendingOn.next(near);
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
}
