import { createTidings } from "../../../src/index.ts";
import { requestedConnection, requestedRelay, requestedSubscription } from "../../../src/wire/link.ts";
import { movedTo, placeOf } from "../../../src/wire/place.ts";
import type { Subscription } from "../../../src/wire/subscription.ts";

/** The service, but the origin of a channel holds no stream: relays hold all of them, also the first. */
const tidings = createTidings();

/** To so many relays the origin sends new streams, in turn. */
const RELAYS = 2;
let sent = 0;

export class Channel extends tidings.Channel {
	override async fetch(request: Request): Promise<Response> {
		const isOrigin = placeOf(this.ctx.id.name ?? "").relay === undefined;
		if (!isOrigin || !isNew(request)) return await super.fetch(request);
		sent += 1;
		return movedTo({ relay: `${1 + (sent % RELAYS)}`, share: 1 });
	}
}
export class Metrics extends tidings.Metrics {}
export class PublishService extends tidings.PublishService {}
export default tidings.app;

/** Whether a request is for a new stream, and not from a publisher, a relay or a session that comes back. */
function isNew(request: Request): boolean {
	const subscription = streamOf(request);
	return subscription !== undefined && subscription.rejoins !== true;
}

function streamOf(request: Request): Subscription | undefined {
	const connection = requestedConnection(request);
	if (connection) return connection.subscription;
	if (requestedRelay(request) || !request.headers.has("Tidings-Stream")) return undefined;
	return requestedSubscription(request);
}
