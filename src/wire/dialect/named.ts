import { sentData } from "../event.ts";
import type { Dialect } from "./dialect.ts";
import { eventFrame, frames } from "./frame.ts";

/**
 * Frames with the event's type and its data: the default of an event stream.
 *
 * @example
 * named.event({ offset: 7, at: 0, type: "order", data: toJson({ id: 1 }) }, "orders", "7");
 * // 'event: order\nid: 7\ndata: {"id":1}\n\n'
 *
 * @example
 * named.control("expiring", { expires: 1795223089 }, "7"); // 'event: expiring\nid: 7\ndata: {"expires":1795223089}\n\n'
 *
 * @example
 * named.heartbeat(); // ":\n"
 * named.heartbeat("7"); // "event: heartbeat\nid: 7\ndata: {}\n\n"
 */
export const named: Dialect = {
	...frames,
	event: (event, _channel, cursor) => eventFrame(event, cursor, sentData(event)),
};
