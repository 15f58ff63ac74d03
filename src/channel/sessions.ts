import { HibernatingSubscribers } from "../audience/hibernating-subscribers.ts";
import { SESSION, SessionOutlet } from "../audience/session-outlet.ts";

/** The subscribers behind sessions in the Worker. */
export type Sessions = HibernatingSubscribers<SessionOutlet, undefined>;

export function sessionsOf(ctx: DurableObjectState): Sessions {
	return new HibernatingSubscribers(ctx, SESSION, (socket) => new SessionOutlet(socket));
}
