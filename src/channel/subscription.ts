import type { EventForm } from "../sse/event.ts";
import type { ControlEvents } from "../sse/frame.ts";
import type { StartRequest } from "./resume.ts";

/** What a verified subscriber asks of a channel. It crosses from the Worker to the Channel as JSON. */
export interface Subscription extends StartRequest {
	/** The id of the stream that it is for. */
	connection: string;
	/** All channels of that stream. */
	channels: string[];
	user: string;
	claims: Record<string, unknown>;
	/** Only events of these types; absent: all. */
	types?: string[];
	/** How events are written. */
	form: EventForm;
	/** Whether the subscriber is told who comes and goes. */
	presence: boolean;
	/** Unsent bytes before the subscriber falls behind. */
	maxBacklogBytes: number;
	/** When the credentials end, in unix seconds: what the client is told. */
	expires: number;
	/** When the stream is ended, in unix milliseconds. */
	endsAt: number;
	/** When the credentials were issued at the earliest, in unix seconds. */
	issuedAt: number;
	/** Whether the stream is open already, and comes back because the channel's object had died. */
	rejoins?: boolean;
}

/** What new credentials of the same user change about an open stream. */
export type Renewal = Pick<Subscription, "user" | "claims" | "expires" | "endsAt" | "issuedAt">;

/** Why the service ended a stream. */
export type CloseReason = ControlEvents["closing"]["reason"];

/** Why a stream ended. */
export type DisconnectReason = "client_left" | CloseReason;
