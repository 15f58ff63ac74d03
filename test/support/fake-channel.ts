import type { Problem } from "../../src/errors.ts";
import {
	CHANNEL_URL,
	encodeEvents,
	joinResponse,
	type LinkHeaders,
	requestedSubscription,
	type SessionMessage,
} from "../../src/wire/link.ts";
import type { Place } from "../../src/wire/place.ts";
import type { Start, Subscription } from "../../src/wire/subscription.ts";

/** A channel at the other end of an uplink, which does what a test says. */
export class FakeChannel {
	readonly subscriptions: Subscription[] = [];
	readonly told: SessionMessage[] = [];
	socket: WebSocket | undefined;
	refusal: Problem | undefined;
	/** What its calls fail with. */
	failure: Error | undefined;
	/** What happens while a call is on its way. */
	meanwhile: () => void = () => undefined;
	start: Start = { position: 10, cursor: 10, resumed: false };

	readonly call = async (_: Place, headers: LinkHeaders): Promise<Response> => {
		this.subscriptions.push(requestedSubscription(new Request(CHANNEL_URL, { headers })));
		this.meanwhile();
		if (this.failure) throw this.failure;
		if (this.refusal) return this.refusal.toResponse();
		const [theirs, ours] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
		ours.accept();
		ours.addEventListener("message", ({ data }) => void this.told.push(JSON.parse(String(data)) as SessionMessage));
		this.socket = ours;
		return joinResponse(theirs, this.start);
	};

	send(position: number, text: string): void {
		const encoded = new TextEncoder().encode(text);
		const bytes = encoded.byteLength;
		this.socket?.send(encodeEvents({ position, last: position, events: 1, replayed: 0, bytes }, encoded));
	}
}
