import type { Presence, PresenceCount } from "../wire/control.ts";
import { EventLoop } from "./event-loop.ts";
import { guarded } from "./guarded.ts";
import type { ConnectionState, Handlers, ReceivedEvent } from "./types.ts";

/** Who listens to a connection: handlers, and `for await` loops. */
export class Subscribers<Events> {
	readonly #handlers = new Set<Handlers<Events>>();
	readonly #loops = new Set<EventLoop<ReceivedEvent<Events>>>();

	add(handlers: Handlers<Events>): void {
		this.#handlers.add(handlers);
	}

	remove(handlers: Handlers<Events>): void {
		this.#handlers.delete(handlers);
	}

	/** Adds a loop. It removes itself when its reader leaves it. */
	addLoop(): EventLoop<ReceivedEvent<Events>> {
		const loop = new EventLoop<ReceivedEvent<Events>>(() => this.#loops.delete(loop));
		this.#loops.add(loop);
		return loop;
	}

	/** Calls one handler of every subscriber. */
	tell<Name extends keyof Handlers<Events>>(
		name: Name,
		told: Parameters<NonNullable<Handlers<Events>[Name]>>[0],
	): void {
		for (const handlers of this.#handlers) {
			guarded(() => (handlers[name] as ((told: unknown) => void) | undefined)?.call(handlers, told));
		}
	}

	/** Tells who has come or gone, or how many are there. */
	tellPresence(presence: Presence | PresenceCount): void {
		if ("count" in presence) this.tell("onPresenceCount", presence);
		else this.tell("onPresence", presence);
	}

	/** Tells every subscriber the state. Those that are added meanwhile are told it by whoever adds them. */
	tellState(state: ConnectionState): void {
		for (const handlers of [...this.#handlers]) tellState(handlers, state);
	}

	/** Delivers an event to every handler and loop. */
	deliver(event: ReceivedEvent<Events>): void {
		this.tell("onEvent", event);
		for (const loop of this.#loops) loop.push(event);
	}

	/** Resolves once every loop has finished with its events; `false` if a loop ended before that. */
	async finished(): Promise<boolean> {
		const finished = await Promise.all(Array.from(this.#loops, (loop) => loop.finished()));
		return !finished.includes(false);
	}

	/** Ends every loop once it has read what waits for it; with an error, the loops throw it. */
	endLoops(ended: { error?: unknown }): void {
		for (const loop of this.#loops) loop.end(ended);
	}
}

/** Tells one subscriber the state, and that the channels have ended if it is that. */
export function tellState<Events>(handlers: Handlers<Events>, state: ConnectionState): void {
	guarded(() => handlers.onState?.(state));
	const { ended } = state.name === "closed" ? state : {};
	if (ended) guarded(() => handlers.onEnd?.(ended));
}
