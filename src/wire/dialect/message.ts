import { withData } from "../event.ts";
import type { Dialect } from "./dialect.ts";

/**
 * JSON messages, for WebSocket clients.
 *
 * @example
 * message.event({ offset: 7, at: 0, type: "order", data: toJson({ id: 1 }) }, "orders", "7");
 * // '{"type":"event","channel":"orders","id":"7","event":"order","at":0,"data":{"id":1}}'
 */
export const message: Dialect = {
	event: ({ type, at, data }, channel, id) => withData({ type: "event", channel, id, event: type, at }, data),
	control: (type, data, id) => JSON.stringify({ type, id, ...data }),
	heartbeat: (id) => JSON.stringify({ type: "heartbeat", ...(id !== undefined && { id }) }),
	closing: (closing, id) => message.control("closing", closing, id),
};

/** A client's `ping`, as most clients write it. */
export const PING = JSON.stringify({ type: "ping" });

/** The answer to a `ping`. */
export const PONG = JSON.stringify({ type: "pong" });

/**
 * The `error` message, sent before the service closes a WebSocket that has no stream or whose client made a mistake.
 */
export function errorMessage(code: string, detail: string): string {
	return JSON.stringify({ type: "error", code, detail });
}
