import { connections } from "./native/connections.ts";
import { endSubscribers } from "./native/end-subscribers.ts";
import { events, eventsHead } from "./native/events.ts";
import { health } from "./native/health.ts";
import { history } from "./native/history.ts";
import { metrics } from "./native/metrics.ts";
import { openapi } from "./native/openapi.ts";
import { publish, publishToUser } from "./native/publish.ts";
import { publishSocket } from "./native/publish-socket.ts";
import { state } from "./native/state.ts";
import { subscribers } from "./native/subscribers.ts";
import { tickets } from "./native/tickets.ts";
import { wipe } from "./native/wipe.ts";
import { ws } from "./native/ws.ts";
import { docsOperation } from "./pages/docs.ts";
import type { Operation, Route } from "./route.ts";

/** The routes of the protocol. */
export const ROUTES: readonly Route[] = [
	events,
	ws,
	publish,
	publishSocket,
	history,
	publishToUser,
	tickets,
	state,
	wipe,
	subscribers,
	endSubscribers,
	connections,
	health,
	metrics,
	openapi(() => OPERATIONS),
];

/** Everything that `/openapi.json` describes. */
export const OPERATIONS: readonly Operation[] = [...ROUTES, eventsHead, docsOperation];
