import type { Audience } from "../../audience/audience.ts";
import { RelayOutlet } from "../../audience/relay-outlet.ts";
import type { Replay } from "../../audience/replay.ts";
import type { RelaySubscriber } from "../../audience/roster.ts";
import { Subscriber } from "../../audience/subscriber.ts";
import type { Log } from "../../log/log.ts";
import type { Starts } from "../../log/starts.ts";
import { joinResponse, type SessionMessage } from "../../wire/link.ts";
import type { Extent } from "../../wire/relay.ts";
import type { Subscription } from "../../wire/subscription.ts";
import type { Revocations } from "../revocations.ts";
import type { KnownRelay } from "./known-relay.ts";
import type { Relays } from "./relays.ts";

interface FollowersOptions {
	log: Log;
	starts: Starts;
	replay: Replay;
	audience: Audience;
	revocations: Revocations;
	relays: Relays;
}

/** Lets relays follow the log of this object. */
export class Followers {
	readonly #options: FollowersOptions;

	constructor(options: FollowersOptions) {
		this.#options = options;
	}

	/** Opens the WebSocket over which a relay follows. */
	join(relay: KnownRelay, subscription: Subscription): Response {
		const { starts, replay, revocations, audience } = this.#options;
		const now = Date.now();
		const [theirs, ours] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
		ours.accept();
		const outlet = new RelayOutlet({
			socket: ours,
			extent: () => this.#extent(),
			revocations: () => revocations.list(Date.now()),
			streams: () => relay.streams,
		});
		const start = starts.find(subscription, now);
		const tie = replay.start(subscription, start, now, () => new Subscriber(subscription, start.position, now, outlet));
		relay.cut();
		this.#options.relays.attach(relay, tie);
		this.#listen(ours, relay, tie);
		void audience.follow(tie);
		return joinResponse(theirs, start);
	}

	#listen(socket: WebSocket, relay: KnownRelay, tie: RelaySubscriber): void {
		socket.addEventListener("message", ({ data }) => void this.#receive(tie, JSON.parse(data as string)));
		for (const type of ["close", "error"] as const) {
			socket.addEventListener(type, () => {
				const { audience, relays } = this.#options;
				tie.outlet.close();
				if (relay.tie === tie) relays.attach(relay, undefined);
				audience.leave(tie);
			});
		}
	}

	async #receive(tie: RelaySubscriber, message: SessionMessage): Promise<void> {
		const { audience } = this.#options;
		if (message.type === "observe") audience.observe(tie, Date.now());
		if (message.type !== "ack") return;
		tie.outlet.acknowledge(message.bytes);
		if (tie.isBehind && tie.hasRoom) await audience.catchUp(tie);
	}

	#extent(): Extent {
		const { born, start, head, ended = null } = this.#options.log;
		return { born, start, head, oldest: this.#options.log.oldest(Date.now()) ?? null, ended };
	}
}
