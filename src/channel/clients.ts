import { CLIENT, type ClientDetails, ClientOutlet } from "../audience/client-outlet.ts";
import { HibernatingSubscribers } from "../audience/hibernating-subscribers.ts";
import { PING, PONG } from "../wire/dialect/message.ts";

/** The subscribers whose WebSockets end in this object. */
export type Clients = HibernatingSubscribers<ClientOutlet, ClientDetails>;

export function clientsOf(ctx: DurableObjectState, channel: string): Clients {
	// The runtime answers pings without waking the object.
	ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
	return new HibernatingSubscribers(ctx, CLIENT, (socket, details) => {
		const answeredAt = () => ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime();
		return new ClientOutlet({ channel, socket, details, answeredAt });
	});
}
